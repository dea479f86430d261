//! Words that move the view to the headers inside.

use super::{Answer, Form, Undecided, View};

impl View<'_> {
    pub(super) fn vlan(&mut self, tag: Option<u32>, live: bool) -> Answer {
        let holds = live && {
            let kind = self.u16(self.kind)?;
            let tagged = matches!(kind, 0x8100 | 0x88a8 | 0x9100);
            tagged
                && match tag {
                    Some(tag) => self.u16(self.network)? & 0xfff == tag,
                    None => true,
                }
        };
        for offset in [&mut self.kind, &mut self.payload, &mut self.network, &mut self.bare] {
            *offset = offset.wrapping_add(4);
        }
        Ok(holds)
    }

    pub(super) fn mpls(&mut self, label: Option<u32>, live: bool) -> Answer {
        let holds = live && {
            let more = if self.labels > 0 {
                self.u8(self.network.wrapping_sub(2))? & 1 == 0
            } else if self.form == Form::Ppp {
                self.u16(self.kind)? == 0x0281
            } else {
                self.u16(self.kind)? == 0x8847
            };
            more && match label {
                Some(label) => self.u32(self.network)? >> 12 == label,
                None => true,
            }
        };
        self.network = self.network.wrapping_add(4);
        self.bare = self.bare.wrapping_add(4);
        self.labels += 1;
        Ok(holds)
    }

    pub(super) fn pppoe_session(&mut self, session: Option<u32>, live: bool) -> Answer {
        let holds = live
            && self.carries_link(0x8864)?
            && match session {
                Some(session) => self.u32(self.network)? & 0xffff == session,
                None => true,
            };
        self.form = Form::Ppp;
        self.header = self.network.wrapping_add(6);
        self.kind = self.header;
        self.payload = self.header.wrapping_add(2);
        (self.network, self.bare) = (self.payload, self.payload);
        self.is_inner = false;
        Ok(holds)
    }

    pub(super) fn geneve(&mut self, network: Option<u32>, live: bool) -> Answer {
        let mut holds = false;
        let mut geneve = 0;
        if live {
            if self.carries_link(0x0800)? && self.is_geneve(9, network)? {
                geneve = self.network.wrapping_add(self.header_length()?).wrapping_add(8);
                holds = true;
            } else if self.carries_link(0x86dd)? && self.is_geneve(6, network)? {
                geneve = self.network.wrapping_add(48);
                holds = true;
            }
        }
        let gap = self.bare.wrapping_sub(self.payload);
        (self.header, self.kind, self.payload) = (0, 0, 0);
        if holds {
            self.header = geneve.wrapping_add((self.u8(geneve)? & 0x3f) * 4 + 8);
            let is_bridged = self.u16(geneve.wrapping_add(2))? == 0x6558;
            (self.kind, self.payload) = if is_bridged {
                (self.header.wrapping_add(12), self.header.wrapping_add(14))
            } else {
                (geneve.wrapping_add(2), self.header)
            };
        }
        self.form = Form::Ethernet;
        self.is_inner = true;
        self.is_framed = self.header != self.payload;
        self.network = self.payload;
        self.bare = self.payload.wrapping_add(gap);
        Ok(holds)
    }

    /// UDP to port 6081 with version 0; `field` is where the IP header says what it carries.
    fn is_geneve(&self, field: u32, network: Option<u32>) -> Result<bool, Undecided> {
        if self.u8(self.network.wrapping_add(field))? != 17 {
            return Ok(false);
        }
        let udp = if field == 9 {
            if self.u16(self.network.wrapping_add(6))? & 0x1fff != 0 {
                return Ok(false);
            }
            self.network.wrapping_add(self.header_length()?)
        } else {
            self.network.wrapping_add(40)
        };
        Ok(self.u16(udp.wrapping_add(2))? == 6081
            && self.u8(udp.wrapping_add(8))? & 0xc0 == 0
            && match network {
                Some(network) => self.u32(udp.wrapping_add(12))? >> 8 == network,
                None => true,
            })
    }

    /// Of the IPv4 header.
    pub(super) fn header_length(&self) -> Result<u32, Undecided> {
        Ok((self.u8(self.network)? & 0xf) * 4)
    }
}
