//! What workspaces take of a quota, in numbers, and whether more of it fits.

use super::{Amount, Hard, PerWorkspace};
use crate::scalar::Quantity;
use std::fmt;

/// What one workspace takes, or many take together. Processors and everything measured in quantities are in thousandths,
/// so that `500m` is exact.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Load {
    /// Workspaces, stopped ones too.
    pub workspaces: i64,
    /// Workspaces that run.
    pub running: i64,
    /// Thousandths of a processor, of those that run.
    pub cpu: i128,
    /// Thousandths of a byte of memory, of those that run.
    pub memory: i128,
    /// Thousandths of a byte of storage.
    pub storage: i128,
    /// Volumes.
    pub volumes: i64,
    /// Snapshots.
    pub snapshots: i64,
    /// Ports that are exposed.
    pub exposed_ports: i64,
    /// Workspaces that are injected.
    pub injected: i64,
    /// Thousandths of an hour of one processor in the last 24 hours.
    pub cpu_hours_day: i128,
    /// The same in the last 7 days.
    pub cpu_hours_week: i128,
}

/// A bound of a quota.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Bound {
    /// hard.workspaces
    Workspaces,
    /// hard.running
    Running,
    /// hard.cpu
    Cpu,
    /// hard.memory
    Memory,
    /// hard.storage
    Storage,
    /// hard.volumes
    Volumes,
    /// hard.snapshots
    Snapshots,
    /// hard.exposedPorts
    ExposedPorts,
    /// hard.injected
    Injected,
    /// hard.cpuHours.perDay
    CpuHoursPerDay,
    /// hard.cpuHours.perWeek
    CpuHoursPerWeek,
    /// perWorkspace.cpu
    WorkspaceCpu,
    /// perWorkspace.memory
    WorkspaceMemory,
    /// perWorkspace.storage
    WorkspaceStorage,
}

impl Bound {
    /// The field of the quota's spec.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Workspaces => "hard.workspaces",
            Self::Running => "hard.running",
            Self::Cpu => "hard.cpu",
            Self::Memory => "hard.memory",
            Self::Storage => "hard.storage",
            Self::Volumes => "hard.volumes",
            Self::Snapshots => "hard.snapshots",
            Self::ExposedPorts => "hard.exposedPorts",
            Self::Injected => "hard.injected",
            Self::CpuHoursPerDay => "hard.cpuHours.perDay",
            Self::CpuHoursPerWeek => "hard.cpuHours.perWeek",
            Self::WorkspaceCpu => "perWorkspace.cpu",
            Self::WorkspaceMemory => "perWorkspace.memory",
            Self::WorkspaceStorage => "perWorkspace.storage",
        }
    }

    /// Whether it bounds hours of processors: room comes with time alone.
    #[must_use]
    pub const fn is_hours(self) -> bool {
        matches!(self, Self::CpuHoursPerDay | Self::CpuHoursPerWeek)
    }

    /// Whether stopping another workspace makes room.
    #[must_use]
    pub const fn eased_by_stopping(self) -> bool {
        matches!(self, Self::Running | Self::Cpu | Self::Memory)
    }
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A bound that is broken. Numbers are thousandths, as in [`Load`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Broken {
    /// The bound.
    pub bound: Bound,
    /// How much there may be.
    pub hard: i128,
    /// How much there is.
    pub used: i128,
    /// How much more is asked for.
    pub more: i128,
}

impl Broken {
    /// Whether it would be broken even if there were nothing else: waiting does not help.
    #[must_use]
    pub const fn for_ever(&self) -> bool {
        self.more > self.hard
    }
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let memory =
            matches!(self.bound, Bound::Memory | Bound::Storage | Bound::WorkspaceMemory | Bound::WorkspaceStorage);
        let text = |milli| if memory { bytes(milli) } else { plain(milli) };
        if self.bound.is_hours() {
            return write!(f, "{}: {} of {} used up", self.bound, text(self.used), text(self.hard));
        }
        write!(
            f,
            "{}: {} of {} in use, {} more asked for",
            self.bound,
            text(self.used),
            text(self.hard),
            text(self.more)
        )
    }
}

/// One bound: its name, what it says, what is used, what is asked for.
type Line = (Bound, Option<i128>, i128, i128);

impl Load {
    /// The sum of two.
    #[must_use]
    pub fn plus(&self, other: &Self) -> Self {
        self.with(other, i64::saturating_add, i128::saturating_add)
    }

    /// What is left when another is taken away; parts may be negative.
    #[must_use]
    pub fn minus(&self, other: &Self) -> Self {
        self.with(other, i64::saturating_sub, i128::saturating_sub)
    }

    /// The same with the processors and memory of another, where those are more: of two of which one runs.
    #[must_use]
    pub fn beside(&self, other: &Self) -> Self {
        Self {
            workspaces: self.workspaces.max(other.workspaces),
            running: self.running.max(other.running),
            cpu: self.cpu.max(other.cpu),
            memory: self.memory.max(other.memory),
            ..*self
        }
    }

    fn with(&self, other: &Self, count: fn(i64, i64) -> i64, amount: fn(i128, i128) -> i128) -> Self {
        Self {
            workspaces: count(self.workspaces, other.workspaces),
            running: count(self.running, other.running),
            cpu: amount(self.cpu, other.cpu),
            memory: amount(self.memory, other.memory),
            storage: amount(self.storage, other.storage),
            volumes: count(self.volumes, other.volumes),
            snapshots: count(self.snapshots, other.snapshots),
            exposed_ports: count(self.exposed_ports, other.exposed_ports),
            injected: count(self.injected, other.injected),
            cpu_hours_day: amount(self.cpu_hours_day, other.cpu_hours_day),
            cpu_hours_week: amount(self.cpu_hours_week, other.cpu_hours_week),
        }
    }

    /// The same workspace, stopped: it keeps its volumes, and gives back processors and memory.
    #[must_use]
    pub const fn stopped(self) -> Self {
        Self { running: 0, cpu: 0, memory: 0, exposed_ports: 0, injected: 0, ..self }
    }

    /// The bounds that break when `more` comes to what is used. A part that does not grow breaks nothing, so that a workspace
    /// can always be stopped and made smaller, also where a quota was lowered below what is used. Hours of processors break
    /// when they are used up and something is to be started.
    #[must_use]
    pub fn broken(&self, more: &Self, hard: &Hard) -> Vec<Broken> {
        let count = |hard: Option<i64>| hard.map(|hard| i128::from(hard) * 1000);
        let whole = |count: i64| i128::from(count) * 1000;
        let amount = |hard: &Option<Quantity>| hard.as_ref().and_then(Quantity::milli);
        let lines: [Line; 9] = [
            (Bound::Workspaces, count(hard.workspaces), whole(self.workspaces), whole(more.workspaces)),
            (Bound::Running, count(hard.running), whole(self.running), whole(more.running)),
            (Bound::Cpu, amount(&hard.cpu), self.cpu, more.cpu),
            (Bound::Memory, amount(&hard.memory), self.memory, more.memory),
            (Bound::Storage, amount(&hard.storage), self.storage, more.storage),
            (Bound::Volumes, count(hard.volumes), whole(self.volumes), whole(more.volumes)),
            (Bound::Snapshots, count(hard.snapshots), whole(self.snapshots), whole(more.snapshots)),
            (Bound::ExposedPorts, count(hard.exposed_ports), whole(self.exposed_ports), whole(more.exposed_ports)),
            (Bound::Injected, count(hard.injected), whole(self.injected), whole(more.injected)),
        ];
        let mut broken: Vec<Broken> = lines.into_iter().filter_map(over).collect();
        if let Some(hours) = hard.cpu_hours.as_ref().filter(|_| more.running > 0) {
            let spent = [
                (Bound::CpuHoursPerDay, amount(&hours.per_day), self.cpu_hours_day),
                (Bound::CpuHoursPerWeek, amount(&hours.per_week), self.cpu_hours_week),
            ];
            for (bound, hard, used) in spent {
                if let Some(hard) = hard.filter(|hard| used >= *hard) {
                    broken.push(Broken { bound, hard, used, more: 0 });
                }
            }
        }
        broken
    }

    /// The bounds on one workspace that this one breaks.
    #[must_use]
    pub fn too_large(&self, per: &PerWorkspace) -> Vec<Broken> {
        let amount = |hard: &Option<Quantity>| hard.as_ref().and_then(Quantity::milli);
        let lines: [Line; 3] = [
            (Bound::WorkspaceCpu, amount(&per.cpu), 0, self.cpu),
            (Bound::WorkspaceMemory, amount(&per.memory), 0, self.memory),
            (Bound::WorkspaceStorage, amount(&per.storage), 0, self.storage),
        ];
        lines.into_iter().filter_map(over).collect()
    }

    /// The same as it stands in a status.
    #[must_use]
    pub fn amount(&self) -> Amount {
        let some = |milli: i128, text: fn(i128) -> String| (milli != 0).then(|| Quantity(text(milli)));
        Amount {
            workspaces: self.workspaces,
            running: self.running,
            cpu: some(self.cpu, plain),
            memory: some(self.memory, bytes),
            storage: some(self.storage, bytes),
            volumes: self.volumes,
            snapshots: self.snapshots,
            exposed_ports: self.exposed_ports,
            injected: self.injected,
            cpu_hours_day: some(self.cpu_hours_day, plain),
            cpu_hours_week: some(self.cpu_hours_week, plain),
        }
    }
}

fn over((bound, hard, used, more): Line) -> Option<Broken> {
    let hard = hard?;
    (more > 0 && used.saturating_add(more) > hard).then_some(Broken { bound, hard, used, more })
}

/// Thousandths as a quantity: whole ones plainly, others in thousandths.
pub(super) fn plain(milli: i128) -> String {
    if milli % 1000 == 0 { (milli / 1000).to_string() } else { format!("{milli}m") }
}

/// Thousandths of bytes as a quantity, in the largest unit that is exact.
pub(super) fn bytes(milli: i128) -> String {
    if milli % 1000 != 0 {
        return format!("{milli}m");
    }
    let whole = milli / 1000;
    for (unit, shift) in [("Ti", 40), ("Gi", 30), ("Mi", 20), ("Ki", 10)] {
        if whole != 0 && whole % (1_i128 << shift) == 0 {
            return format!("{}{unit}", whole >> shift);
        }
    }
    whole.to_string()
}
