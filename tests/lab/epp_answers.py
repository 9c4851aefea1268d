# SPDX-License-Identifier: GPL-3.0-or-later
"""What the EPP server of the lab says: a greeting, and an answer to each command of one session."""

import base64

from .epp_frames import SHORT, URIS, Writer, short_name
from .epp_objects import Ds, Key, Refusal, now

MESSAGES = {1000: "Command completed successfully", 1001: "Command completed successfully; action pending",
            1300: "Command completed successfully; no messages", 1301: "Command completed successfully; ack to dequeue",
            1500: "Command completed successfully; ending session", 2001: "Command syntax error", 2002: "Command use error",
            2003: "Required parameter missing",
            2004: "Parameter value range error", 2005: "Parameter value syntax error", 2102: "Unimplemented option",
            2103: "Unimplemented extension", 2200: "Authentication error", 2201: "Authorization error", 2303: "Object does not exist",
            2304: "Object status prohibits operation", 2306: "Parameter value policy error", 2307: "Unimplemented object service",
            2308: "Data management policy violation", 2400: "Command failed", 2500: "Command failed; server closing connection",
            2501: "Authentication error; server closing connection", 2502: "Session limit exceeded; server closing connection"}
CLOSES = {1500, 2500, 2501, 2502}
OBJECTS = ("domain", "host")
#: In pw, where loginSec has the password (RFC 8807).
LOGIN_SECURITY = "[LOGIN-SECURITY]"


def find(element, *names):
    """The descendant along these names, or None."""
    for name in names:
        space, _, local = name.partition(":")
        element = None if element is None else element.find(f"{{{URIS[space]}}}{local}")
    return element


def text_of(element, *names):
    """The text there, without the spaces around it; None: there is no such element."""
    found = find(element, *names)
    return None if found is None else " ".join((found.text or "").split())


class Conversation:
    """One session with a client. \\a switches is the server's: see epp_server.Switches."""

    def __init__(self, server):
        self.server, self.switches, self.registry = server, server.switches, server.registry
        self.writer = Writer(self.switches.other_prefixes)
        self.client, self.extensions, self.failures = None, set(), 0

    # Frames.

    def greeting(self):
        """The octets of a greeting."""
        e = self.writer.element
        extensions = [e("epp:extURI", text=URIS[name]) for name in self.offered()] + [e("epp:extURI", text=uri) for uri in self.switches.more_uris]
        policy = e("epp:dcp", e("epp:access", e("epp:all")),
                   e("epp:statement", e("epp:purpose", e("epp:admin"), e("epp:prov")), e("epp:recipient", e("epp:ours")),
                     e("epp:retention", e("epp:stated"))))
        menu = e("epp:svcMenu", e("epp:version", text="1.0"), e("epp:lang", text="en"), *[e("epp:objURI", text=URIS[name]) for name in OBJECTS],
                 e("epp:svcExtension", *extensions) if extensions else None)
        return self.writer.frame(e("epp:greeting", e("epp:svID", text=self.switches.name), e("epp:svDate", text=now()), menu, policy),
                                 bom=self.switches.bom)

    def offered(self):
        """Short names of extensions; a registry without TTLs offers no ttl-1.0."""
        return [name for name in self.switches.extensions if name != "ttl" or self.registry.policy.ttl is not None]

    def response(self, code, trid, server_trid, reason=None, queue=None, data=None, extension=(), echo=None):
        """The octets of an answer."""
        e = self.writer.element
        value = e("epp:pw", text=echo) if echo else e("epp:undef")
        why = e("epp:extValue", e("epp:value", value), e("epp:reason", text=f"{reason}: {echo}" if echo else reason)) if reason else None
        result = e("epp:result", e("epp:msg", text=MESSAGES[code]), why, code=code)
        message = None
        if queue is not None:
            count, first = queue
            inside = [e("epp:qDate", text=first.date), e("epp:msg", text=first.text)] if code == 1301 else []
            message = e("epp:msgQ", *inside, count=count, id=first.id)
        return self.writer.frame(e("epp:response", None if self.switches.no_result else result, message,
                                   e("epp:resData", data) if data is not None else None,
                                   e("epp:extension", *extension) if extension else None,
                                   e("epp:trID", e("epp:clTRID", text=trid) if trid else None, e("epp:svTRID", text=server_trid))),
                                 bom=self.switches.bom)

    # Commands.

    def answer(self, tree):
        """\\return (verb, domain or None, clTRID, code, octets of the answer)."""
        first = tree[0]
        if short_name(first) == "epp:hello":
            return "hello", None, None, 0, self.greeting()
        verb = short_name(first[0]).partition(":")[2]
        trid, server_trid = text_of(first, "epp:clTRID"), self.registry.number()
        domain = text_of(first[0], f"domain:{verb}", "domain:name")
        try:
            if forced := self.switches.forced(verb):
                raise Refusal(forced, "the lab wants it so")
            if verb != "login" and self.client is None:
                raise Refusal(2002, "log in first")
            extensions = {short_name(one): one for one in find(first, "epp:extension") if isinstance(one.tag, str)} \
                if find(first, "epp:extension") is not None else {}
            if missing := [name for name in extensions if name != "loginSec:loginSec" and name.partition(":")[0] not in self.extensions]:
                raise Refusal(2103, f"{missing[0]} was not in the login")
            code, more = getattr(self, f"_{verb}")(first[0], extensions, (trid, server_trid))
        except Refusal as refusal:
            code, more = refusal.code, {"reason": refusal.reason}
            if verb == "login" and self.switches.echo:
                more["echo"] = find(first[0], "epp:pw").text
        shown = None if self.switches.without_trid(code) else "ANOTHER-1" if self.switches.wrong_trid else trid
        return verb, domain, trid, code, self.response(code, shown, server_trid, **more)

    def _login(self, login, extensions, _):
        if self.client is not None:
            raise Refusal(2002, "you are logged in")
        if (text_of(login, "epp:options", "epp:version"), text_of(login, "epp:options", "epp:lang")) != ("1.0", "en"):
            raise Refusal(2102, "version and lang are not those of the greeting")
        objects = [" ".join(one.text.split()) for one in find(login, "epp:svcs") if short_name(one) == "epp:objURI"]
        if unknown := [uri for uri in objects if SHORT.get(uri) not in OBJECTS]:
            raise Refusal(2307, unknown[0])
        listed = find(login, "epp:svcs", "epp:svcExtension")
        wanted = [] if listed is None else [" ".join(one.text.split()) for one in listed]
        offered = {URIS[name] for name in self.offered()} | set(self.switches.more_uris)
        if unknown := [uri for uri in wanted if uri not in offered]:
            raise Refusal(2103, unknown[0])
        client, password = text_of(login, "epp:clID"), text_of(login, "epp:pw")
        secured = extensions.get("loginSec:loginSec")
        if self.switches.login_security and (secured is None or password != LOGIN_SECURITY):
            raise Refusal(2306, "the password has to be in loginSec")
        if password == LOGIN_SECURITY:
            password = text_of(secured, "loginSec:pw")
        if self.registry.passwords.get(client) != password or password is None:
            self.failures += 1
            raise Refusal(2501 if self.failures >= self.switches.failures else 2200, "client or password is wrong")
        if not self.server.enter(client):
            raise Refusal(2502, f"{self.switches.sessions} sessions at most")
        self.client, self.extensions = client, {SHORT.get(uri, uri) for uri in wanted}
        return 1000, {"extension": [self._warning()] if secured is not None and self.switches.password_ends else ()}

    def _warning(self):
        e = self.writer.element
        return e("loginSec:loginSecData", e("loginSec:event", type="password", level="warning", exDate=self.switches.password_ends,
                                            text="the password ends soon"))

    def _logout(self, *_):
        return 1500, {}

    def _info(self, info, extensions, _):
        with self.registry.lock:
            domain = self.registry.get(text_of(info, "domain:info", "domain:name"))
            extension = self._records(domain)
            asked = extensions.get("ttl:info")
            if "ttl" in self.extensions and asked is not None:
                extension += self._ttl(domain, asked.get("policy") in ("true", "1"))
            return 1000, {"data": self._data(domain), "extension": extension}

    def _data(self, domain):
        e = self.writer.element
        return e("domain:infData", e("domain:name", text=domain.name), e("domain:roid", text=f"D{abs(hash(domain.name)) % 10**6}-LAB"),
                 *[e("domain:status", s=status) for status in domain.shown_statuses()],
                 e("domain:ns", *[e("domain:hostObj", text=host) for host in domain.hosts]), e("domain:clID", text=domain.sponsor),
                 e("domain:crID", text=domain.sponsor), e("domain:crDate", text=domain.created),
                 e("domain:upID", text=domain.updated_by) if domain.updated else None,
                 e("domain:upDate", text=domain.updated) if domain.updated else None)

    def _records(self, domain):
        if "secDNS" not in self.extensions or not domain.records:
            return []
        return [self.writer.element("secDNS:infData", *[self._record(self.registry.shown(one)) for one in domain.records])]

    def _record(self, record):
        e = self.writer.element
        if isinstance(record, Key):
            return e("secDNS:keyData", e("secDNS:flags", text=record.flags), e("secDNS:protocol", text=record.protocol),
                     e("secDNS:alg", text=record.algorithm), e("secDNS:pubKey", text=record.public))
        inside = record.key or Key(257, 3, record.algorithm, "AwEAAcFcGg==")
        embedded = self._record(inside) if self.registry.policy.embedded_keys else None
        return e("secDNS:dsData", e("secDNS:keyTag", text=record.tag), e("secDNS:alg", text=record.algorithm),
                 e("secDNS:digestType", text=record.digest_type), e("secDNS:digest", text=record.digest), embedded)

    def _ttl(self, domain, policy):
        e = self.writer.element
        if not policy:
            return [] if domain.ttl is None else [e("ttl:infData", e("ttl:ttl", for_="DS", text=domain.ttl))]
        least, usual, most = self.registry.policy.ttl
        return [e("ttl:infData", e("ttl:ttl", for_="NS", min=3600, default=86400, max=172800),
                  e("ttl:ttl", for_="DS", min=least, default=usual, max=most, text=domain.ttl))]

    def _update(self, update, extensions, trids):
        name = text_of(update, "domain:update", "domain:name")
        secdns, ttl = extensions.get("secDNS:update"), extensions.get("ttl:update")
        if secdns is None and ttl is None:
            raise Refusal(2002, "there is nothing to update")
        done = self.registry.update(self.client, name, *self._changes(secdns), self._wanted_ttl(ttl), trids)
        return 1000 if done else 1001, {}

    def _changes(self, secdns):
        if secdns is None:
            return [], []
        if secdns.get("urgent") in ("true", "1") and not self.registry.policy.urgent:
            raise Refusal(2102, "urgent is not possible")
        if any(short_name(one) == "secDNS:maxSigLife" for one in secdns.iter() if isinstance(one.tag, str)):
            raise Refusal(2102, "maxSigLife is not possible")
        if find(secdns, "secDNS:rem", "secDNS:all") is not None:
            raise Refusal(2306, "all is not possible")
        rem, add = ([self._read(one) for one in find(secdns, f"secDNS:{part}")] if find(secdns, f"secDNS:{part}") is not None else []
                    for part in ("rem", "add"))
        if not rem and not add:
            raise Refusal(2005, "there is nothing to update")
        return rem, add

    def _read(self, record):
        if short_name(record) == "secDNS:dsData":
            inside = find(record, "secDNS:keyData")
            return Ds(*[int(text_of(record, f"secDNS:{part}")) for part in ("keyTag", "alg", "digestType")], text_of(record, "secDNS:digest"),
                      self._read(inside) if inside is not None else None)
        public = text_of(record, "secDNS:pubKey").replace(" ", "")
        base64.b64decode(public, validate=True)
        return Key(*[int(text_of(record, f"secDNS:{part}")) for part in ("flags", "protocol", "alg")], public)

    @staticmethod
    def _wanted_ttl(ttl):
        if ttl is None:
            return ("keep",)
        wanted = {one.get("for"): " ".join((one.text or "").split()) for one in ttl}
        if set(wanted) != {"DS"}:
            raise Refusal(2306, "only the TTL of DS can be set")
        return ("set", int(wanted["DS"])) if wanted["DS"] else ("default",)

    def _poll(self, poll, _, __):
        with self.registry.lock:
            queue = self.registry.queues[self.client]
            if poll.get("op") == "ack":
                self.registry.acknowledge(self.client, poll.get("msgID"))
                return 1000, {"queue": (len(queue), queue[0])} if queue else {}
            if not queue:
                return 1300, {}
            message = queue[0]
            return 1301, {"queue": (len(queue), message), "data": self._message(message), "extension": self._change(message)}

    def _message(self, message):
        e = self.writer.element
        if message.kind == "change":
            return self._data(message.domain)
        if message.kind != "action":
            return None
        return e("domain:panData", e("domain:name", text=message.domain.name, paResult=int(message.result)),
                 e("domain:paTRID", e("epp:clTRID", text=message.trids[0]) if message.trids[0] else None, e("epp:svTRID", text=message.trids[1])),
                 e("domain:paDate", text=message.date))

    def _change(self, message):
        e = self.writer.element
        if message.kind != "change" or "changePoll" not in self.extensions:
            return []
        return self._records(message.domain) + [
            e("changePoll:changeData", e("changePoll:operation", text=message.operation), e("changePoll:date", text=message.date),
              e("changePoll:svTRID", text=message.trids[1]), e("changePoll:who", text=message.who), state=message.state)]
