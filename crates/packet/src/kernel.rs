//! The system calls that no safe crate wraps: options of packet sockets, their address, and the ring's memory.
#![allow(unsafe_code)]

use std::io;
use std::mem::{size_of, size_of_val};
use std::os::fd::{AsRawFd, BorrowedFd};

/// An option of a packet socket, or of sockets in general.
pub(crate) fn set_option<T: Plain>(fd: BorrowedFd<'_>, level: i32, name: i32, value: &[T]) -> io::Result<()> {
    let len = u32::try_from(size_of_val(value)).map_err(io::Error::other)?;
    // SAFETY: `value` is readable for `len` bytes for the time of the call, and the kernel only reads them.
    let result = unsafe { libc::setsockopt(fd.as_raw_fd(), level, name, value.as_ptr().cast(), len) };
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// Reads an option.
pub(crate) fn option<T: Plain>(fd: BorrowedFd<'_>, level: i32, name: i32) -> io::Result<T> {
    let mut value = T::default();
    let mut len = u32::try_from(size_of::<T>()).map_err(io::Error::other)?;
    // SAFETY: `value` is writable for `len` bytes, and `T` is plain: any bytes are a value of it.
    let result = unsafe { libc::getsockopt(fd.as_raw_fd(), level, name, (&raw mut value).cast(), &raw mut len) };
    if result == 0 { Ok(value) } else { Err(io::Error::last_os_error()) }
}

/// Binds a packet socket to an interface: from here on its packets come.
pub(crate) fn bind(fd: BorrowedFd<'_>, interface: u32) -> io::Result<()> {
    let address = libc::sockaddr_ll {
        sll_family: libc::AF_PACKET as u16,
        sll_protocol: (libc::ETH_P_ALL as u16).to_be(),
        sll_ifindex: interface as i32,
        sll_hatype: 0,
        sll_pkttype: 0,
        sll_halen: 0,
        sll_addr: [0; 8],
    };
    let len = size_of::<libc::sockaddr_ll>() as u32;
    // SAFETY: the address is valid for `len` bytes for the time of the call.
    let result = unsafe { libc::bind(fd.as_raw_fd(), (&raw const address).cast(), len) };
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// Attaches a filter. Instructions are in the kernel's form: `code << 48 | jt << 40 | jf << 32 | k`.
pub(crate) fn attach(fd: BorrowedFd<'_>, code: &[u64]) -> io::Result<()> {
    let mut program: Vec<libc::sock_filter> = code
        .iter()
        .map(|word| libc::sock_filter {
            code: (word >> 48) as u16,
            jt: (word >> 40) as u8,
            jf: (word >> 32) as u8,
            k: *word as u32,
        })
        .collect();
    let len = u16::try_from(program.len()).map_err(|_| io::Error::from(io::ErrorKind::InvalidInput))?;
    let filter = libc::sock_fprog { len, filter: program.as_mut_ptr() };
    let size = size_of::<libc::sock_fprog>() as u32;
    // SAFETY: `filter` points to `len` instructions that live until after the call; the kernel copies and checks them.
    let result = unsafe {
        libc::setsockopt(fd.as_raw_fd(), libc::SOL_SOCKET, libc::SO_ATTACH_FILTER, (&raw const filter).cast(), size)
    };
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// Plain old data: any bytes of its size are a value.
pub(crate) trait Plain: Copy + Default {}
impl Plain for i32 {}
impl Plain for u32 {}

/// What `PACKET_STATISTICS` says of a ring since it was asked last.
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub(crate) struct RingStats {
    /// Packets, dropped ones included.
    pub(crate) packets: u32,
    /// Packets for which there was no room.
    pub(crate) drops: u32,
    /// How often the queue stood still.
    pub(crate) freezes: u32,
}
impl Plain for RingStats {}

/// `struct tpacket_req3`.
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub(crate) struct RingRequest {
    pub(crate) block_size: u32,
    pub(crate) block_nr: u32,
    pub(crate) frame_size: u32,
    pub(crate) frame_nr: u32,
    pub(crate) retire_ms: u32,
    pub(crate) private: u32,
    pub(crate) features: u32,
}
impl Plain for RingRequest {}

/// Gives back the pages of the program that only its start needed. What is needed again comes back from the file.
pub(crate) fn forget_start() {
    for (start, len) in std::fs::read_to_string("/proc/self/maps").unwrap_or_default().lines().filter_map(program) {
        // SAFETY: a private mapping of a file that nobody may write to: its pages come back as they were.
        unsafe { libc::madvise(std::ptr::with_exposed_provenance_mut(start), len, libc::MADV_DONTNEED) };
    }
}

/// Where the program stands, by a line of `maps`: `START-END r-xp OFFSET DEVICE INODE PATH`.
fn program(line: &str) -> Option<(usize, usize)> {
    let mut words = line.split_ascii_whitespace();
    let (range, rights) = (words.next()?, words.next()?);
    let inode = words.nth(2)?;
    let (start, end) = range.split_once('-')?;
    let start = usize::from_str_radix(start, 16).ok()?;
    let len = usize::from_str_radix(end, 16).ok()?.checked_sub(start)?;
    (rights == "r-xp" && inode != "0").then_some((start, len))
}

/// Memory shared with the kernel.
pub(crate) struct Shared {
    start: *mut u8,
    len: usize,
}

// SAFETY: the mapping belongs to this value alone and may be used from any thread that has it.
unsafe impl Send for Shared {}

impl Shared {
    /// Maps the ring of a packet socket.
    pub(crate) fn map(fd: BorrowedFd<'_>, len: usize) -> io::Result<Self> {
        let (access, flags) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_SHARED);
        // SAFETY: a new mapping at an address of the kernel's choice touches nothing of ours.
        let start = unsafe { libc::mmap(std::ptr::null_mut(), len, access, flags, fd.as_raw_fd(), 0) };
        if start == libc::MAP_FAILED { Err(io::Error::last_os_error()) } else { Ok(Self { start: start.cast(), len }) }
    }

    /// A status word, which the kernel writes while we look. What it guards may be read after this.
    pub(crate) fn status(&self, at: usize) -> u32 {
        if !self.holds(at, 4) {
            return 0;
        }
        // SAFETY: inside the mapping and aligned, by the check; the kernel writes whole words.
        unsafe {
            (*self.start.add(at).cast::<std::sync::atomic::AtomicU32>()).load(std::sync::atomic::Ordering::Acquire)
        }
    }

    /// Writes a status word: what it guards belongs to the kernel from here on.
    pub(crate) fn set_status(&mut self, at: usize, value: u32) {
        if self.holds(at, 4) {
            // SAFETY: as for `status`.
            unsafe {
                (*self.start.add(at).cast::<std::sync::atomic::AtomicU32>())
                    .store(value, std::sync::atomic::Ordering::Release);
            }
        }
    }

    /// Bytes that the kernel has given to us: only of a block whose status says that it is ours, and only until
    /// `set_status` gives it back, which needs `&mut self`.
    pub(crate) fn bytes(&self, at: usize, len: usize) -> &[u8] {
        if at.checked_add(len).is_none_or(|end| end > self.len) {
            return &[];
        }
        // SAFETY: inside the mapping by the check; the kernel does not write to blocks that are ours, and the borrow
        // ends before one is given back.
        unsafe { std::slice::from_raw_parts(self.start.add(at), len) }
    }

    fn holds(&self, at: usize, len: usize) -> bool {
        at.is_multiple_of(4) && at.checked_add(len).is_some_and(|end| end <= self.len)
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        // SAFETY: the mapping is ours and nothing borrows it any more.
        unsafe { libc::munmap(self.start.cast(), self.len) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cap_p_08c_the_program_is_what_is_mapped_to_be_run_from_a_file() {
        assert_eq!(program("7f10-7f30 r-xp 00044000 fd:00 123 /qd-agent"), Some((0x7f10, 0x20)));
        assert_eq!(program("7f10-7f30 rw-p 00044000 fd:00 123 /qd-agent"), None);
        assert_eq!(program("7f10-7f30 r--p 00044000 fd:00 123 /qd-agent"), None);
        assert_eq!(program("7f10-7f30 r-xp 00000000 00:00 0 [vdso]"), None);
        assert_eq!(program(""), None);
        // This one runs on afterwards.
        forget_start();
    }
}
