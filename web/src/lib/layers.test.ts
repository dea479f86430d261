import { describe, expect, test } from 'vitest'
import { decodePacket } from './layers'

const bytes = (hex: string) =>
  new Uint8Array((hex.replaceAll(/\s/g, '').match(/../g) ?? []).map((pair) => Number.parseInt(pair, 16)))
const ETHERNET = '5e3dd4cd9156 8290effdb952 0800'
const IPV4 = '4500003c 735d4000 4006b28e 0a64000b 0a640006'
const SYN = '84242382 79fc4e90 00000000 a002 faf0 14ff 0000 0204 05b4 0402 080a 4fe4003a 00000000 01 030307'

const field = (all: ReturnType<typeof decodePacket>, layer: string, name: string) =>
  all.layers.find(({ title }) => title === layer)?.fields.find((one) => one.name === name)

describe('CAP-59h a packet layer by layer', () => {
  test('Ethernet, IPv4, TCP with its options', () => {
    const found = decodePacket(bytes(ETHERNET + IPV4 + SYN), 1)
    expect(found.layers.map(({ title, at, len }) => [title, at, len])).toEqual([
      ['Ethernet', 0, 14],
      ['IPv4', 14, 20],
      ['TCP', 34, 40],
    ])
    expect(found).toMatchObject({ from: '10.100.0.11:33828', to: '10.100.0.6:9090', flags: 'SYN' })
    expect(found.summary).toBe('len 0 seq 2046578320 win 64240')
    expect(field(found, 'Ethernet', 'From')?.value).toBe('82:90:ef:fd:b9:52')
    expect(field(found, 'TCP', 'Largest segment')).toEqual({ name: 'Largest segment', value: '1460', at: 54, len: 4 })
    expect(field(found, 'TCP', 'Window scale')?.value).toBe('× 128')
    expect(field(found, 'TCP', 'Time stamps')?.value).toBe('1340342330, echo 0')
  })
  test('IPv6 in its short form, UDP, payload, padding that is none', () => {
    const ip = `60012345 000a 11 40 20010db8000000000000000000000001 ff020000000000000000000000000002`
    const found = decodePacket(bytes(`333300000002 8290effdb952 86dd ${ip} 0035 8235 000a 0000 6869 0000`), 1)
    expect(found).toMatchObject({ from: '[2001:db8::1]:53', to: '[ff02::2]:33333', summary: 'UDP, 2 bytes' })
    expect(found.layers.at(-1)).toMatchObject({ title: 'Payload', len: 2 })
  })
  test('ARP, VLAN, ICMP, bare IP, and what is unknown', () => {
    const arp = '0001 0800 06 04 0001 8290effdb952 0a64000b 000000000000 0a640006'
    expect(decodePacket(bytes(`ffffffffffff 8290effdb952 0806 ${arp}`), 1).summary).toBe('ARP: who has 10.100.0.6?')
    const icmp = IPV4.replace('4006b28e', '4001b28e').replace('0000003c', '0000001c')
    const found = decodePacket(bytes(`5e3dd4cd9156 8290effdb952 8100 0007 0800 ${icmp} 0800 1234 0001 0002`), 1)
    expect(field(found, 'VLAN', 'VLAN')?.value).toBe('7')
    expect(found.summary).toBe('ICMP type 8 code 0')
    expect(decodePacket(bytes(IPV4 + SYN), 101).flags).toBe('SYN')
    expect(decodePacket(bytes('00'.repeat(20)), 147).summary).toBe('link type 147')
  })
  test('what ends early is decoded as far as it goes', () => {
    const whole = bytes(ETHERNET + IPV4 + SYN)
    for (let len = 0; len < whole.length; len++) {
      const found = decodePacket(whole.slice(0, len), 1)
      for (const { at } of found.layers.flatMap(({ fields }) => fields)) expect(at).toBeLessThan(Math.max(1, len))
    }
    expect(decodePacket(whole.slice(0, 40), 1).summary).toContain('cut short')
  })
})
