//! The way back to a shell whose connection was lost.

use super::{End, Seat, plain, size, told};
use crate::workspace::Which;
use crate::workspace::ready::failed;
use link::{Link, Session};
use policy::Permit;
use proto::workspace::Attach;
use workspace::Calling;
use workspace::again::{Gone, again};
use workspace::reach::Reaches;

impl Seat {
    /// Opens a connection again, and comes back to the same shell.
    pub(super) async fn again<A: Reaches>(
        &mut self,
        which: &Which<'_>,
        permit: &Permit<A>,
        id: &str,
    ) -> Result<(Link, Session), End> {
        let keys = &mut self.keys;
        // Whoever was lost may hold the writer's place still.
        let (view_only, take, shell) = (self.view_only, self.writes, id.to_owned());
        let asked = Attach { shell, view_only, take, size: Some(size()) };
        let leave = async {
            // What is typed meanwhile goes nowhere; Control-C, or Control-A and D, wait no longer.
            let mut armed = false;
            while let Some(bytes) = keys.next().await {
                for byte in bytes {
                    if byte == CONTROL_C || armed && byte == b'D' {
                        return End::Detached;
                    }
                    armed = byte == CONTROL_A;
                }
            }
            End::Left(1)
        };
        let back = async {
            again(&Calling::default(), which.cluster, permit, &asked).await.map_err(|gone| match gone {
                Gone::Lost(why) => End::Lost(plain(&why)),
                Gone::Failed(error) => End::Failed(failed(&which.object, error)),
            })
        };
        tokio::select! {
            back = back => back,
            end = leave => Err(end),
            number = told(&mut self.ends) => Err(End::Left(number)),
            () = permit.ended() => Err(End::Revoked),
        }
    }
}

const CONTROL_A: u8 = 0x01;
const CONTROL_C: u8 = 0x03;
