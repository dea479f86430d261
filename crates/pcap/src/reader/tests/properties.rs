use proptest::prelude::*;

use super::{ng::Build, *};

proptest! {
    /// Whatever follows a valid begin, the reader ends, accounts for every byte and sees the same in any pieces.
    #[test]
    fn cap_f_19f_any_bytes_are_read_to_their_end(
        start in 0_usize..5,
        noise in proptest::collection::vec(any::<u8>(), 0..600),
        piece in 1_usize..50,
    ) {
        let mut file = begin(start);
        file.extend(&noise);
        let whole = read(&file, file.len()).map(|all| all.0);
        let parts = read(&file, piece).map(|all| all.0);
        prop_assert_eq!(whole, parts);
    }

    /// Any bytes changed in a valid file: nothing but an answer, and whole blocks before the change are unhurt.
    #[test]
    fn cap_f_19g_any_change_leaves_what_was_before_it(
        big in any::<bool>(),
        changes in proptest::collection::vec((60_usize..2000, any::<u8>()), 1..6),
        cut in 0_usize..2500,
    ) {
        let mut build = Build::new();
        build.section(big).interface(1, 0, &[(9, &[9])]);
        for at in 0..20_u64 {
            build.enhanced(0, at + 1, &vec![at as u8; 40 + at as usize * 3], &[(1, b"a comment")]);
        }
        let good = read_all(&build.out);
        let mut file = build.out.clone();
        for (at, to) in &changes {
            if let Some(byte) = file.get_mut(*at) {
                *byte = *to;
            }
        }
        file.truncate(cut.max(60));
        let first = changes.iter().map(|change| change.0).min().unwrap().min(file.len());
        let (all, _) = read(&file, 33).unwrap();
        // blocks that end before the first change
        let mut end = 0;
        let unhurt = good.iter().take_while(|_| {
            let len = u32::from_le_bytes(build.out[end + 4..end + 8].try_into().unwrap());
            let len = if big { len.swap_bytes() } else { len };
            end += len as usize;
            end <= first
        }).count();
        prop_assert_eq!(&all[..unhurt], &good[..unhurt]);
    }
}

/// Begins of files of every kind.
fn begin(kind: usize) -> Vec<u8> {
    let mut build = Build::new();
    match kind {
        0 => {}
        1 | 2 => {
            build.section(kind == 1).interface(1, 0, &[]);
        }
        _ => {
            let magic: u32 = if kind == 3 { 0xa1b2_c3d4 } else { 0xa1b2_cd34 };
            let body = build.words(&[magic, 0x0004_0002, 0, 0, 100, 1]);
            build.out.extend(body);
        }
    }
    build.out
}
