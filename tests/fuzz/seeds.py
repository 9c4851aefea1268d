# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the first inputs of the fuzz targets: python3 -m tests.fuzz.seeds FOLDER.

They are in tests/fuzz/corpus as seed-NN. What the fuzzers find beyond them is added there by `./run fuzz --merge`.
"""

import hashlib
import json
import os
import sys

import dns.dnssec
import dns.edns
import dns.flags
import dns.message
import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rrset
import dns.tsig
import dns.update

NOW = 1800000000
ZONES = ["a.example.", "c.example.", "example.", 60 * "a." + "example."]
POINT = bytes.fromhex("6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
                      "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5")
KEY = bytes([1, 1, 3, 13]) + POINT
QUESTIONS = ["DNSKEY", "CDS", "CDNSKEY", "DS", "NS"]


def rdata(kind, wire):
    return dns.rdata.from_wire(dns.rdataclass.IN, dns.rdatatype.from_text(kind), wire, 0, len(wire))


def text(kind, words):
    return dns.rdata.from_text(dns.rdataclass.IN, dns.rdatatype.from_text(kind), words)


DNSKEY = rdata("DNSKEY", KEY)
TAG = dns.dnssec.key_id(DNSKEY)


def rrset(owner, kind, *rdatas, ttl=300):
    out = dns.rrset.RRset(dns.name.from_text(owner), dns.rdataclass.IN, dns.rdatatype.from_text(kind))
    for one in rdatas:
        out.add(text(kind, one) if isinstance(one, str) else one, ttl)
    return out


def signatures(covered, signer, count=1, first=0x55, length=64):
    """RRSIGs that fuzz_denial takes for good if they begin with 0x55."""
    out = dns.rrset.RRset(covered.name, dns.rdataclass.IN, dns.rdatatype.RRSIG)
    for number in range(count):
        head = (covered.rdtype.to_bytes(2, "big") + bytes([13, len(covered.name) - 1]) +
                covered.ttl.to_bytes(4, "big") + (NOW + 86400 + number).to_bytes(4, "big") +
                (NOW - 86400).to_bytes(4, "big") + TAG.to_bytes(2, "big"))
        out.add(rdata("RRSIG", head + dns.name.from_text(signer).to_wire() + bytes([first]) * length), covered.ttl)
    return out


def reply(name, kind, answer=(), authority=(), additional=(), aa=True):
    message = dns.message.make_response(dns.message.make_query(name, kind, id=0))
    message.flags = dns.flags.QR | (dns.flags.AA if aa else 0)
    message.answer, message.authority, message.additional = list(answer), list(authority), list(additional)
    return message.to_wire(max_size=65535)


def signed(covered, signer, **how):
    return [covered, signatures(covered, signer, **how)]


def nsec3(zone, name, types, iterations=0, flags=0):
    hashed = dns.dnssec.nsec3_hash(name, "aabbccdd", iterations, 1).lower()
    following = "2t7b4g4vsa5smi47k61mv5bv1a22bojr"
    return rrset(f"{hashed}.{zone}", "NSEC3", f"1 {flags} {iterations} aabbccdd {following} {types}")


def of_zone(zone, parent, first=0x55):
    """(question, packet): answers of servers of a zone and of its parent."""
    soa = signed(rrset(zone, "SOA", "ns. mail. 1 3600 900 86400 300"), zone, first=first)
    soa_up = signed(rrset(parent, "SOA", "ns. mail. 1 3600 900 86400 300"), parent, first=first)
    ds = dns.dnssec.make_ds(zone, DNSKEY, "SHA256")
    digest = hashlib.sha1(dns.name.from_text(zone).to_wire() + KEY).digest()
    sha1 = rdata("DS", TAG.to_bytes(2, "big") + bytes([13, 1]) + digest)
    gost = rdata("DS", TAG.to_bytes(2, "big") + bytes([13, 3]) + b"\xab" * 32)
    cds = rdata("CDS", ds.to_wire())
    revoked = rdata("DNSKEY", b"\x01\x81" + KEY[2:])
    yield "DNSKEY", reply(zone, "DNSKEY", signed(rrset(zone, "DNSKEY", DNSKEY), zone, first=first))
    yield "DNSKEY", reply(zone, "DNSKEY", signed(rrset(zone, "DNSKEY", DNSKEY, revoked), zone, count=20, first=first))
    yield "CDS", reply(zone, "CDS", signed(rrset(zone, "CDS", cds), zone, first=first))
    yield "CDS", reply(zone, "CDS", signed(rrset(zone, "CDS", "0 0 0 00"), zone, first=first))
    yield "CDNSKEY", reply(zone, "CDNSKEY", signed(rrset(zone, "CDNSKEY", rdata("CDNSKEY", KEY)), zone, first=first))
    yield "CDS", reply(zone, "CDS", (), soa + signed(rrset(zone, "NSEC", f"z.{zone} NS SOA DNSKEY"), zone, first=first))
    yield "CDS", reply(zone, "CDS", (), soa + signed(nsec3(zone, zone, "NS SOA DNSKEY", 10), zone, count=3, first=first))
    yield "DS", reply(zone, "DS", signed(rrset(zone, "DS", ds, sha1, gost), parent, first=first))
    yield "DS", reply(zone, "DS", (), soa_up + signed(rrset(zone, "NSEC", f"z.{parent} NS RRSIG NSEC"), parent, first=first))
    for iterations in (0, 150, 151):
        yield "DS", reply(zone, "DS", (), soa_up + signed(nsec3(parent, zone, "NS", iterations), parent, first=first) +
                          signed(nsec3(parent, parent, "NS SOA", iterations, 1), parent, first=first))
    yield "NS", reply(zone, "NS", (), [rrset(zone, "NS", f"ns.{zone}", "ns.other.")],
                      [rrset(f"ns.{zone}", "A", "192.0.2.1"), rrset(f"ns.{zone}", "AAAA", "2001:db8::1")], aa=False)


def costly(zone, parent):
    """The same; without the budget of a reply each would be too much work."""
    broken = {"count": 70, "first": 0x56, "length": 1}
    yield "DNSKEY", reply(zone, "DNSKEY", signed(rrset(zone, "DNSKEY", DNSKEY), zone, **broken))
    soa = signed(rrset(zone, "SOA", "ns. mail. 1 3600 900 86400 300"), zone)
    soa_up = signed(rrset(parent, "SOA", "ns. mail. 1 3600 900 86400 300"), parent)
    one = nsec3(zone, zone, "NS SOA DNSKEY", 1)
    copies = [rrset(one.name.to_text(), "NSEC3", *one) for _ in range(20)]
    yield "CDS", reply(zone, "CDS", (), soa + copies + [signatures(one, zone, 10, 0x56, 1)])
    yield "DS", reply(zone, "DS", (), soa_up + signed(nsec3(parent, f"x.{parent}", "NS", 150, 1), parent))


def answer():
    for kind, packet in [*of_zone("child.example.", "example.", 0x56), *costly("child.example.", "example.")]:
        yield bytes([QUESTIONS.index(kind)]) + packet


def denial():
    order = {"DS": 0, "CDS": 1, "CDNSKEY": 2, "DNSKEY": 3}
    for number, zone in enumerate(ZONES):
        for kind, packet in [*of_zone(zone, "example."), *costly(zone, "example.")]:
            if kind in order and (number < 2 or kind == "DS"):
                yield bytes([number << 6 | order[kind]]) + packet


def child():
    """Three answers of one server, with all that may go together."""
    zone, parent = "child.example.", "example."
    for number, first in enumerate((0x55, 0x55, 0x56)):
        packets = {}
        for kind, packet in [*of_zone(zone, parent, first), *costly(zone, parent)]:
            packets.setdefault(kind, []).append(packet)
        nothing = packets["CDS"][2]
        soa = signed(rrset(zone, "SOA", "ns. mail. 1 3600 900 86400 300"), zone, first=first)
        gone = reply(zone, "CDNSKEY", (), soa + signed(rrset(zone, "NSEC", f"z.{zone} NS SOA DNSKEY"), zone, first=first))
        delete = reply(zone, "CDNSKEY", signed(rrset(zone, "CDNSKEY", "0 3 0 AA=="), zone, first=first))
        many = rrset(zone, "CDNSKEY", *(rdata("CDNSKEY", b"\1\1\3\10\1\3" + bytes([n]) * 64) for n in range(1, 40)))
        answers = [(packets["DNSKEY"][0], cds, packets["CDNSKEY"][0]) for cds in packets["CDS"]]
        answers += [(dnskey, packets["CDS"][0], gone) for dnskey in packets["DNSKEY"]]
        answers += [(packets["DNSKEY"][0], nothing, gone), (packets["DNSKEY"][0], packets["CDS"][1], delete),
                    (packets["DNSKEY"][0], packets["CDS"][0], reply(zone, "CDNSKEY", signed(many, zone, first=first))),
                    (packets["DNSKEY"][0], b"", packets["CDNSKEY"][0])]
        for at, three in enumerate(answers):
            yield bytes([(1 if number != 1 else 0) | 2 | (at & 1) << 2]) + \
                b"".join(len(one).to_bytes(2, "big") + one for one in three)


def dsync():
    zone = dns.name.from_text("child.example.").to_wire()
    yield b"\0" + bytes.fromhex("003b01") + (53).to_bytes(2, "big") + dns.name.from_text("notify.example.").to_wire()
    yield b"\1" + zone + dns.name.from_text("example.").to_wire()
    yield b"\1" + dns.name.from_text("a.b.c.d.example.").to_wire() + dns.name.from_text("c.d.example.").to_wire()
    notify = dns.message.make_query("child.example.", "CDS", id=0x1234)
    notify.set_opcode(dns.opcode.NOTIFY)
    notify.flags |= dns.flags.QR
    yield b"\2" + notify.to_wire()
    yield b"\2" + notify.to_wire()[:2] + bytes.fromhex("a0010000000000000000")


def notify():
    for options in ([], [dns.edns.GenericOption(18, dns.name.from_text("rep.test.").to_wire())]):
        message = dns.message.make_query("child.example.", "CDS", id=0x1234, use_edns=0 if options else None, options=options)
        message.flags = dns.flags.AA
        message.set_opcode(dns.opcode.NOTIFY)
        yield message.to_wire()
    yield dns.message.make_query("child.example.", "SOA", id=0x1234).to_wire()
    yield message.to_wire()[:4] + b"\0\2" + 3 * message.to_wire()[6:]


def update():
    """Answers of a primary: signed by the key with another MAC, by another key, with words, cut."""
    for name, options in (("update.test.", []), ("other.test.", [dns.edns.EDEOption(15, "not now")])):
        message = dns.update.UpdateMessage("test.", id=0x1234)
        message.flags |= dns.flags.QR
        message.set_rcode(dns.rcode.NXRRSET)
        message.use_edns(0, options=options)
        message.use_tsig({dns.name.from_text(name): b"a secret"}, algorithm=dns.tsig.HMAC_SHA256)
        message.request_mac = bytes(31) + b"\1"
        wire = message.to_wire()
        yield wire
        yield wire[:-7]
    yield wire[:4] + b"\0\1\0\0\0\0\0\0" + wire[12:22]


FIELDS = ["command", "flags", "error", "section", "item", "id", "zone", "owner", "ttl", "type", "data", "filters"]


def unit(kind=0, **fields):
    mask = sum(1 << FIELDS.index(name) for name in fields)
    return (bytes([kind]) + mask.to_bytes(2, "little") +
            b"".join(fields[name].encode() + b"\0" for name in FIELDS if name in fields))


def control():
    block = b"\2"
    status = unit(zone="a.example.", type="serial", data="5") + unit(1, type="transaction", data="-") + \
        unit(1, type="freeze", data="-") + unit(1, type="catalog", data="-") + block
    soa = unit(zone="a.example.", owner="a.example.", ttl="300", type="SOA", data="ns. mail. 1 2 3 4 5")
    key = unit(1, owner="a.example.", ttl="300", type="DNSKEY", data="257 3 13 " + "A" * 86 + "==")
    rrsig = unit(1, owner="a.example.", ttl="300", type="RRSIG", data="DNSKEY 13 2 300 20270101000000 20260101000000 1 a.example. AAAA")
    yield status + soa + key + rrsig + block + status + soa + block
    yield unit(error="no such zone found", section="zone", id="x", item="domain", data="y") + block + block
    yield status + unit(zone="a.example.", owner="@", ttl="x", type="SOA", data="$INCLUDE /dev/null\n") + block
    yield unit(type="serial", data="-") + block + b"\x80"
    yield status + soa + unit(1, type="CDS", data="\\# 4 0000") + block + b"\3"


def row():
    digest = "ab" * 32
    yield b"\0"
    yield b"\2example.\0" + b"\1" + b"3\0" + b"\1" + b"5\0"
    yield b"\0\0" * 8 + b"\2" + f"1/13/{digest} 2/8/{digest}".encode() + b"\0\2" + f"3/13/{digest}".encode() + b"\0"
    yield b"\0\0" * 15 + b"\2300@5,20@7\0\0023600@9\0"
    yield b"\3x\0\4" + b"1e9\0" + b"\1" + b"-1\0"
    # The states of the keys, and one that is none.
    yield b"\0\0" * 52 + b"\0012\0\0011790000000\0"
    yield b"\0\0" * 52 + b"\0014\0\2x\0"


def delegation():
    names = b"\0\2example.\0\2child.example.\0"
    records = f"2001/13/2/{'ab' * 32} 2002/8/1/{'cd' * 20}".encode()
    yield names
    yield names + b"\0013\0\0011790000000\0\0015\0\2ns1. 192.0.2.1@53\0\2seen\0"
    yield names + b"\0\0" * 11 + b"\2" + records + b"\0\001600\0"
    yield names + b"\0\0" * 11 + b"\2" + 15 * b"1/2/3/ab " + b"1/2/3/+\0"
    yield names + b"\0\0" * 11 + b"\2 1/2/3/abc\0" + b"\4\0" + b"\5" + b"1e9\0"
    yield b"\1\2example.\0\0011790000000\0\0017\0\001100\0\00110\0\0012\0\0011\0\2why\0"


def evidence():
    server = {"server": "ns1. 192.0.2.1@53", "status": "ok", "dnskey": [1, 2], "signed_by": [1], "dnskey_ttl": 300,
              "dnskey_equal": True, "cds": [], "cds_unwanted": True, "cdnskey": [2], "serial": 7, "data_algorithms": [8, 13]}
    parent = {"server": "p. 192.0.2.2@53", "status": "ok", "ds": [1], "ds_ttl": 300, "ds_foreign": True, "detail": "x"}
    judged = {"time": 1, "verdict": "reject", "gate": "bogus-at", "about": "ns1.", "detail": "x", "wanted": ["1 13 2 ab"], "answered": 2, "left_out": 1,
              "zone_serial": 7, "zone_ds": ["1 13 2 ab", "2 8 1 cd"], "ds_ttl": 600, "ds_unmatched": ["2 8 1 cd"], "discovery": "y",
              "parent": [{"server": "p.", "status": "ok", "ds": ["1 13 2 ab"]}], "resolvers": [{"server": "r", "status": "secure"}],
              "child": [{"server": "ns1.", "status": "ok", "dnskey": [1], "signed_by": [1], "cds": ["1 13 2 ab"], "cds_signed_by": [1],
                         "cdnskey": [1], "cdnskey_remove": True, "cdnskey_signed_by": [1], "inception": 1, "expires": 2}],
              "signaling": [{"server": "ns1.", "status": "failed"}], "cut": True}
    yield json.dumps(judged, separators=(",", ":")).encode()
    for one in ({"time": 1, "own_dnskey": [1], "own_dnskey_ttl": 1, "own_cds": [1], "child": [server], "parent": [parent],
                 "watch": {"answered": 2, "failing": 1, "parent_ok": True, "detail": "who"},
                 "signaling": [{"server": "ns.", "status": "ok"}]},
                {"notification": {"status": "refused", "target": "t.", "server": None, "rcode": "REFUSED", "sent": 1,
                                  "elapsed_ms": 3}}, {"child": {"a": []}, "parent": 5, "time": "x"}, []):
        yield json.dumps(one, separators=(",", ":")).encode()
    yield b'{"time":'


def keylist():
    timers = ("created", "pre-active", "publish", "ready", "active", "retire-active", "retire", "post-active", "revoke", "remove")

    def key(number, tag, ksk=True, algorithm=13, **due):
        return {"zone": "example.test.", "id": f"{number:040x}", "ksk": ksk, "zsk": not ksk, "tag": tag, "algorithm": algorithm,
                "size": 256, "public-only": False, "for-later": False, "missing": False,
                **{timer: due.get(timer, 0) for timer in timers}}
    zsk, old = key(1, 60738, False, created=1, publish=1, active=1), key(2, 7423, created=1, publish=1, ready=2, active=3)
    new, gone = key(3, 6190, created=4, publish=4, ready=5), key(4, 31052, publish=1, active=2, retire=3, remove=3)
    hidden = {"post-active": 6, "revoke": 6}
    ends = [key(6, 4711, algorithm=8, publish=1, active=2), key(7, 815, False, algorithm=8, publish=1, active=2)]
    begun = [key(8, 4712, algorithm=8), key(9, 816, False, algorithm=8, **{"pre-active": 5, "revoke": 6})]
    alone = {**key(10, 4713, publish=1, active=2), "zsk": True}
    for keys in ([zsk, old], [zsk, old, new], [gone, old, new], [old, new, key(5, 7423, publish=1)], [], [zsk, old, *ends],
                 [zsk, old, *begun], [zsk, old, {**ends[1], **hidden}], [zsk, old, {**ends[1], "ksk": True}],
                 [alone, {**ends[0], "zsk": True}], [alone, {**ends[0], **hidden, "ksk": False, "zsk": True}]):
        yield json.dumps(keys, indent=2).encode()


def wire():
    def frame(kind, *parts):
        data = b"".join(parts)
        return (len(data) + 1).to_bytes(4, "big") + bytes([kind]) + data

    def number(value, size=4):
        return value.to_bytes(size, "big")

    def words(value):
        return number(0) if value is None else number(len(value) + 1) + value.encode() + b"\0"
    addresses = number(2) + b"\4\0\x35\xc0\0\2\1" + b"\6\0\x35" + bytes(15) + b"\1" + number(3)
    times = b"".join(map(number, range(1, 13)))
    delegations = b"".join(map(number, range(1, 14))) + b"\1\0" * 3 + b"\2\1\2" + words("a.example. b.example.")
    yield frame(1, b"KSKR", number(4711), words("0.1.0"))
    yield frame(2, addresses, words("/anchor"), words(None), words("/store"), words("/keys"), words(None), b"\1", number(20), number(50), b"\1",
                addresses) + frame(3, words("/s"), addresses)
    yield frame(4, number(7), times, number(1, 8), b"\0\1" * 6 + b"\x0d", words("reason"), number(0), addresses, number(0), words("p"),
                words(None), delegations) + frame(6, number(1), number(2), number(7), words("a.example.")) + frame(7, number(1), number(2)) + frame(8, words("a.example."), words("192.0.2.1@53"), words("agent."))
    yield frame(5, number(7)) + frame(64, b"\6", words("zone a.example., idle")) + frame(65, bytes(66)) + frame(66, bytes(8))
    yield b"\xff" * 5


def broker():
    zone, folder = b"example.test.\0", b"/var/lib/knot/keys\0"
    yield b"\1\0" + folder + b"\0"
    yield b"\1\0" + folder + b"/usr/sbin/keymgr\0"
    yield b"\2\0" + zone + b"\0"
    yield b"\3\5" + zone + b"601aec5f\0"
    yield b"\3\6-c\0active=0\0"
    yield b"\0\0[]"
    yield b"\1keymgr set: exit code 1: error\0"


def skr():
    def begin(time):
        return f";; SignedKeyResponse 1.0 {time} (2027-01-15T08:00:00Z) =========\n"
    zone, end = "example.test.", ";; SignedKeyResponse 1.0 generated at 2027-01-15T08:00:00Z by Knot DNS 3.4.6\n"
    key = f"{zone} 3600 DNSKEY {DNSKEY.to_text()}\n"
    zsk = f"{zone} 3600 DNSKEY 256{DNSKEY.to_text()[3:]}\n"
    signals = f"{zone} 0 CDNSKEY {DNSKEY.to_text()}\n{zone} 0 CDS {dns.dnssec.make_ds(zone, DNSKEY, 'SHA256').to_text()}\n"
    rrsig = f"{zone} 3600 RRSIG DNSKEY 13 2 3600 20270201000000 (\n20270101000000 {TAG} {zone} {86 * 'A'}==\n) ; comment\n"
    yield (begin(NOW) + key + zsk + rrsig + begin(NOW + 86400) + key + zsk + signals + 2 * rrsig.replace(" DNSKEY ", " CDS ") + end).encode()
    yield (begin(NOW) + "$INCLUDE /dev/null\n" + end).encode()
    yield (begin(NOW) + key.replace("3600 DNSKEY", "3600 DNSKEY (") + end).encode()
    yield (begin(NOW) + f"{zone} 0 CDS 0 0 0 00\n{zone} 1 RRSIG \\# 2 0030\n" + end).encode()


def epp():
    """Sessions: documents of a server, each ended by NUL. The clTRIDs are those that the target's commands get."""
    base = "urn:ietf:params:xml:ns:"

    def document(inner):
        return f'<epp xmlns="{base}epp-1.0">{inner}</epp>'

    def greeting(name="EPP", extensions=("secDNS-1.1", "epp:ttl-1.0", "changePoll-1.0", "epp:loginSec-1.0")):
        uris = "".join(f"<extURI>{base}{one}</extURI>" for one in extensions)
        return document(f"<greeting><svID>{name}</svID><svDate>2027-01-15T08:00:00Z</svDate><svcMenu><version>1.0</version><lang>en</lang>"
                        f"<objURI>{base}domain-1.0</objURI><svcExtension>{uris}</svcExtension></svcMenu><dcp/></greeting>")

    def response(number, code=1000, more="", words="<msg>ok</msg>"):
        return document(f'<response><result code="{code}">{words}</result>{more}'
                        f"<trID><clTRID>t-{number:04}</clTRID><svTRID>S-1</svTRID></trID></response>")

    def info(secdns, status="ok"):
        return (f'<resData><d:infData xmlns:d="{base}domain-1.0"><d:name>a.test</d:name><d:status s="{status}"/><d:clID>client</d:clID></d:infData></resData>'
                f'<extension><s:infData xmlns:s="{base}secDNS-1.1">{secdns}</s:infData><t:infData xmlns:t="{base}epp:ttl-1.0">'
                '<t:ttl for="DS" min="60" default="86400" max="172800">300</t:ttl></t:infData></extension>')
    ds = "<s:dsData><s:keyTag>1</s:keyTag><s:alg>13</s:alg><s:digestType>2</s:digestType><s:digest>aB</s:digest></s:dsData>"
    key = "<s:keyData><s:flags>257</s:flags><s:protocol>3</s:protocol><s:alg>13</s:alg><s:pubKey>q8 3v</s:pubKey></s:keyData>"
    queue = '<msgQ count="2" id="7&lt;"><qDate>2027-01-15T08:00:00Z</qDate><msg>x</msg></msgQ>'
    action = (f'<resData><d:panData xmlns:d="{base}domain-1.0"><d:name paResult="1">a.test</d:name><d:paTRID><clTRID>t-0003</clTRID>'
              "<svTRID>S-1</svTRID></d:paTRID></d:panData></resData>")
    change = (f'<resData><d:infData xmlns:d="{base}domain-1.0"><d:name>a.test</d:name></d:infData></resData><extension><c:changeData '
              f'xmlns:c="{base}changePoll-1.0"><c:operation>update</c:operation><c:who>x</c:who></c:changeData></extension>')
    whole = [greeting(), response(1), response(2, 1000, info(ds + ds.replace("aB", "CD"))), response(3), response(4, 1001),
             response(5, 1301, queue + action), response(6, 1000, queue), greeting(), response(8, 1500)]

    def session(switches, *documents):
        return bytes([switches]) + b"\0".join(one.encode() for one in documents)
    yield session(0, *whole)
    yield session(6, *whole)
    yield session(8, *whole)
    yield session(16, greeting("Other"), *whole[1:5], response(5, 1301, queue + change))
    yield session(0, greeting(), response(1), response(2, 1000, info(key, "pendingUpdate")), response(3, 2306))
    yield session(0, greeting(), response(1), response(2, 1000, info(ds.replace("</s:digest>", "</s:digest>" + key))), response(3, 2500))
    yield session(0, "\ufeff" + greeting().replace("xmlns=", "xmlns:e=").replace("<", "<e:").replace("<e:/", "</e:"), response(1, 2200))
    yield session(0, greeting(extensions=()))
    yield session(0, '<!DOCTYPE epp [<!ENTITY a "b">]><epp>&a;</epp>')
    yield session(0, greeting(), response(1), response(9))
    yield session(0, greeting(), response(1), response(2, 2001).replace("<clTRID>t-0002</clTRID>", ""), response(
        3, 2400, words="<msg>a</msg><extValue><value><x>b</x></value><reason>c</reason></extValue>"))
    raw = [greeting().encode(), response(1).encode()]
    yield b"\1" + b"".join((len(one) + 4).to_bytes(4, "big") + one for one in raw)
    yield b"\1\0\0\0\5x"
    yield b"\1\xff\xff\xff\xff"


def main():
    for target in (answer, denial, child, dsync, notify, update, control, delegation, row, evidence, keylist, wire, broker, skr, epp):
        folder = os.path.join(sys.argv[1], target.__name__)
        os.makedirs(folder, exist_ok=True)
        for number, data in enumerate(target()):
            with open(os.path.join(folder, f"seed-{number:02}"), "wb") as file:
                file.write(data)


if __name__ == "__main__":
    main()
