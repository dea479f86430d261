//! What the agent gives up once its sockets are open.
//!
//! ```text
//! prepare   low priority, first to go when memory is short, no core dumps
//! enter     no capability and no way to one; no file, no connection (landlock); few system calls (seccomp)
//! ```
//!
//! A call that is not among the few fails; one that would start a program, or reach out, ends the agent.

use landlock::{ABI, Access, AccessFs, AccessNet, CompatLevel, Compatible, Ruleset, RulesetAttr, RulesetStatus, Scope};
use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};
use rustix::thread::{CapabilitySet, CapabilitySets, set_capabilities, set_no_new_privs};
use seccompiler::{SeccompAction, SeccompFilter, TargetArch};
use std::io;

#[cfg(test)]
mod tests;

/// The workload survives first. What of it the pod does not allow is left.
pub(crate) fn prepare() {
    let _ = std::fs::write("/proc/self/oom_score_adj", "1000");
    let _ = rustix::process::nice(NICE);
    let none = Rlimit { current: Some(0), maximum: Some(0) };
    let _ = setrlimit(Resource::Core, none);
    let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
}

/// Drops every capability and the way to new ones, then files, connections and most system calls. Says which of them
/// the kernel did not offer.
///
/// # Errors
/// The system's: the agent does not go on with more than it needs.
pub(crate) fn enter() -> io::Result<&'static [&'static str]> {
    set_no_new_privs(true)?;
    let none = CapabilitySet::empty();
    set_capabilities(None, CapabilitySets { effective: none, permitted: none, inheritable: none })?;
    let missing: &[&str] = if deny_all()? { &[] } else { &["landlock"] };
    forbid_calls()?;
    Ok(missing)
}

/// No file may be opened and no connection made. False where the kernel has no landlock.
fn deny_all() -> io::Result<bool> {
    let rules = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(ABI::V6))
        .and_then(|rules| rules.handle_access(AccessNet::from_all(ABI::V6)))
        .and_then(|rules| rules.scope(Scope::from_all(ABI::V6)))
        .and_then(Ruleset::create)
        .and_then(|rules| rules.restrict_self());
    let status = rules.map_err(io::Error::other)?;
    Ok(status.ruleset != RulesetStatus::NotEnforced)
}

fn forbid_calls() -> io::Result<()> {
    let arch = TargetArch::try_from(std::env::consts::ARCH).map_err(io::Error::other)?;
    let refuse = SeccompAction::Errno(libc::EPERM as u32);
    for (calls, matched, other) in
        [(DEADLY, SeccompAction::KillProcess, SeccompAction::Allow), (ALLOWED, SeccompAction::Allow, refuse)]
    {
        let rules = calls.iter().map(|call| (*call, Vec::new())).collect();
        let filter = SeccompFilter::new(rules, other, matched, arch).map_err(io::Error::other)?;
        let program = seccompiler::BpfProgram::try_from(filter).map_err(io::Error::other)?;
        seccompiler::apply_filter(&program).map_err(io::Error::other)?;
    }
    Ok(())
}

/// Lower than everything else in the pod.
const NICE: i32 = 10;

/// What an agent never does, and whoever takes it over does first.
const DEADLY: &[libc::c_long] = &[
    libc::SYS_execve,
    libc::SYS_execveat,
    libc::SYS_connect,
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_setns,
    libc::SYS_unshare,
    libc::SYS_mount,
    libc::SYS_bpf,
];

/// All that its loop needs: sockets that are open, memory, time, its own end.
const ALLOWED: &[libc::c_long] = &[
    // Sockets and pipes that are open.
    libc::SYS_read,
    libc::SYS_write,
    libc::SYS_pread64,
    libc::SYS_recvfrom,
    libc::SYS_recvmsg,
    libc::SYS_sendto,
    libc::SYS_accept4,
    libc::SYS_bind,
    libc::SYS_setsockopt,
    libc::SYS_getsockopt,
    libc::SYS_getsockname,
    libc::SYS_fcntl,
    libc::SYS_close,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_poll,
    libc::SYS_ppoll,
    // Memory.
    libc::SYS_mmap,
    libc::SYS_mremap,
    libc::SYS_munmap,
    libc::SYS_mprotect,
    libc::SYS_madvise,
    libc::SYS_brk,
    // Time, randomness, who it is.
    libc::SYS_clock_gettime,
    libc::SYS_clock_nanosleep,
    libc::SYS_getrandom,
    libc::SYS_getpid,
    libc::SYS_gettid,
    libc::SYS_uname,
    libc::SYS_futex,
    libc::SYS_restart_syscall,
    // Its end.
    libc::SYS_rt_sigreturn,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigaction,
    libc::SYS_sigaltstack,
    libc::SYS_tgkill,
    libc::SYS_exit,
    libc::SYS_exit_group,
];
