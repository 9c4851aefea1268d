# SPDX-License-Identifier: GPL-3.0-or-later
"""Frames of EPP: how they are built, and a strict check of what is in them, for both directions.

The check knows every element that this lab uses, with the order of its children, its attributes and the form of its
text. Where the schemas of the RFCs are at hand (KSKROLL_EPP_SCHEMAS, or ../shared/schemas), each frame is validated
against them as well.
"""

import glob
import os
import re
import threading

from lxml import etree

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
#: Of the project itself, and of a worktree of it.
SCHEMA_FOLDERS = [os.environ.get("KSKROLL_EPP_SCHEMAS", ""), os.path.join(SOURCE, "../shared/schemas"), os.path.join(SOURCE, "../../shared/schemas")]

URIS = {
    "epp": "urn:ietf:params:xml:ns:epp-1.0",
    "domain": "urn:ietf:params:xml:ns:domain-1.0",
    "host": "urn:ietf:params:xml:ns:host-1.0",
    "secDNS": "urn:ietf:params:xml:ns:secDNS-1.1",
    "ttl": "urn:ietf:params:xml:ns:epp:ttl-1.0",
    "loginSec": "urn:ietf:params:xml:ns:epp:loginSec-1.0",
    "changePoll": "urn:ietf:params:xml:ns:changePoll-1.0",
}
SHORT = {uri: short for short, uri in URIS.items()}
#: Prefixes by which nobody may go: the default namespace changes hands, and two names are swapped.
OTHER_PREFIXES = {"epp": "domain", "domain": None, "secDNS": "ttl", "ttl": "secDNS", "loginSec": "x", "changePoll": "_1"}
USUAL_PREFIXES = {"epp": None, **{short: short for short in URIS if short != "epp"}}

XSI = "{http://www.w3.org/2001/XMLSchema-instance}"
_LABEL, _TRID, _CLID = r".{1,255}", r".{3,64}", r"\S.{1,14}\S"
_U8, _U16, _U31 = r"\d{1,3}", r"\d{1,5}", r"\d{1,10}"
_HEX, _BASE64 = r"(?:[0-9A-Fa-f]{2})+", r"[A-Za-z0-9+/]+={0,2}"
_DATE = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)?"
_BOOL = "true|false|0|1"
_ANY = r"(?s:.*)"

#: Element, or element as the child of another: (its children, as an expression; its attributes, "!" is required; its text).
#: Children without text, text without children: None is "has none".
GRAMMAR = {
    "epp:epp": ("epp:greeting |epp:hello |epp:command |epp:response ", {}, None),
    "epp:hello": ("", {}, None),
    # Commands.
    "epp:command": ("(epp:login |epp:logout |epp:info |epp:update |epp:poll )(epp:extension )?(epp:clTRID )?", {}, None),
    "epp:login": ("epp:clID epp:pw (epp:newPW )?epp:options epp:svcs ", {}, None),
    "epp:clID": (None, {}, _CLID), "epp:pw": (None, {}, r".{6,16}"), "epp:newPW": (None, {}, r".{6,16}"),
    "epp:options": ("epp:version epp:lang ", {}, None),
    "epp:version": (None, {}, r"1\.0"), "epp:lang": (None, {}, r"[a-zA-Z]{1,8}(-[a-zA-Z0-9]{1,8})*"),
    "epp:svcs": ("(epp:objURI )+(epp:svcExtension )?", {}, None),
    "epp:objURI": (None, {}, r"\S+"), "epp:svcExtension": ("(epp:extURI )+", {}, None), "epp:extURI": (None, {}, r"\S+"),
    "epp:logout": ("", {}, None),
    "epp:poll": ("", {"op": "!req|ack", "msgID": r"\S.*"}, None),
    "epp:info": ("domain:info ", {}, None), "epp:update": ("domain:update ", {}, None),
    "command/epp:extension": ("(secDNS:update |ttl:info |ttl:update |loginSec:loginSec )+", {}, None),
    "epp:clTRID": (None, {}, _TRID), "epp:svTRID": (None, {}, _TRID),
    "domain:info": ("domain:name ", {}, None), "info/domain:name": (None, {"hosts": "all|del|none|sub"}, _LABEL),
    "domain:update": ("domain:name (domain:add )?(domain:rem )?(domain:chg )?", {}, None), "domain:name": (None, {}, _LABEL),
    "domain:add": ("", {}, None), "domain:rem": ("", {}, None), "domain:chg": ("", {}, None),
    "secDNS:update": ("(secDNS:rem )?(secDNS:add )?(secDNS:chg )?", {"urgent": _BOOL}, None),
    "secDNS:rem": ("secDNS:all |(secDNS:dsData )+|(secDNS:keyData )+", {}, None),
    "secDNS:add": ("(secDNS:maxSigLife )?((secDNS:dsData )+|(secDNS:keyData )+)", {}, None),
    "secDNS:chg": ("(secDNS:maxSigLife )?", {}, None), "secDNS:all": (None, {}, _BOOL), "secDNS:maxSigLife": (None, {}, r"[1-9]\d*"),
    "secDNS:dsData": ("secDNS:keyTag secDNS:alg secDNS:digestType secDNS:digest (secDNS:keyData )?", {}, None),
    "secDNS:keyTag": (None, {}, _U16), "secDNS:alg": (None, {}, _U8), "secDNS:digestType": (None, {}, _U8), "secDNS:digest": (None, {}, _HEX),
    "secDNS:keyData": ("secDNS:flags secDNS:protocol secDNS:alg secDNS:pubKey ", {}, None),
    "secDNS:flags": (None, {}, _U16), "secDNS:protocol": (None, {}, _U8), "secDNS:pubKey": (None, {}, _BASE64),
    "ttl:info": ("", {"policy": _BOOL}, None),
    "ttl:update": ("(ttl:ttl )+", {}, None), "update/ttl:ttl": (None, {"for": "!NS|DS|DNAME|A|AAAA"}, rf"(?:{_U31})?"),
    "loginSec:loginSec": ("(loginSec:userAgent )?(loginSec:pw )?(loginSec:newPW )?", {}, None),
    "loginSec:userAgent": ("loginSec:app (loginSec:tech )?(loginSec:os )?|loginSec:tech (loginSec:os )?|loginSec:os ", {}, None),
    "loginSec:app": (None, {}, _ANY), "loginSec:tech": (None, {}, _ANY), "loginSec:os": (None, {}, _ANY),
    "loginSec:pw": (None, {}, r".{6,}"), "loginSec:newPW": (None, {}, r".{6,}"),
    # What the server says.
    "epp:greeting": ("epp:svID epp:svDate epp:svcMenu epp:dcp ", {}, None),
    "epp:svID": (None, {}, r".{3,64}"), "epp:svDate": (None, {}, _DATE),
    "epp:svcMenu": ("(epp:version )+(epp:lang )+(epp:objURI )+(epp:svcExtension )?", {}, None),
    "epp:dcp": ("epp:access (epp:statement )+", {}, None), "epp:access": ("epp:all ", {}, None), "epp:all": ("", {}, None),
    "epp:statement": ("epp:purpose epp:recipient epp:retention ", {}, None), "epp:purpose": ("epp:admin epp:prov ", {}, None),
    "epp:admin": ("", {}, None), "epp:prov": ("", {}, None), "epp:recipient": ("epp:ours ", {}, None), "epp:ours": ("", {}, None),
    "epp:retention": ("epp:stated ", {}, None), "epp:stated": ("", {}, None),
    "epp:response": ("(epp:result )+(epp:msgQ )?(epp:resData )?(epp:extension )?epp:trID ", {}, None),
    "epp:result": ("epp:msg (epp:value |epp:extValue )*", {"code": r"![12]\d{3}"}, None), "epp:msg": (None, {"lang": r"\S+"}, _ANY),
    "epp:extValue": ("epp:value epp:reason ", {}, None), "epp:reason": (None, {"lang": r"\S+"}, _ANY),
    "epp:value": ("secDNS:digest |secDNS:keyTag |ttl:ttl |domain:name |epp:pw |epp:undef ", {}, None), "epp:undef": ("", {}, None),
    "value/ttl:ttl": (None, {"for": r"!\S+"}, _U31),
    "epp:msgQ": ("(epp:qDate )?(epp:msg )?", {"count": r"!\d+", "id": r"!\S.*"}, None), "epp:qDate": (None, {}, _DATE),
    "epp:resData": ("domain:infData |domain:panData ", {}, None),
    "response/epp:extension": ("(secDNS:infData |ttl:infData |changePoll:changeData |loginSec:loginSecData )+", {}, None),
    "epp:trID": ("(epp:clTRID )?epp:svTRID ", {}, None),
    "domain:infData": ("domain:name domain:roid (domain:status ){0,11}(domain:ns )?domain:clID (domain:crID )?(domain:crDate )?"
                       "(domain:upID )?(domain:upDate )?(domain:exDate )?", {}, None),
    "domain:roid": (None, {}, r"\w{1,80}-\w{1,8}"), "domain:status": (None, {"s": r"!\w+"}, _ANY),
    "domain:ns": ("(domain:hostObj )+", {}, None), "domain:hostObj": (None, {}, _LABEL),
    "domain:clID": (None, {}, _CLID), "domain:crID": (None, {}, _CLID), "domain:upID": (None, {}, _CLID),
    "domain:crDate": (None, {}, _DATE), "domain:upDate": (None, {}, _DATE), "domain:exDate": (None, {}, _DATE),
    "domain:panData": ("domain:name domain:paTRID domain:paDate ", {}, None), "panData/domain:name": (None, {"paResult": f"!{_BOOL}"}, _LABEL),
    "domain:paTRID": ("(epp:clTRID )?epp:svTRID ", {}, None), "domain:paDate": (None, {}, _DATE),
    "secDNS:infData": ("(secDNS:maxSigLife )?((secDNS:dsData )+|(secDNS:keyData )+)", {}, None),
    "ttl:infData": ("(ttl:ttl )+", {}, None),
    "infData/ttl:ttl": (None, {"for": r"!\S+", "min": _U31, "default": _U31, "max": _U31}, rf"(?:{_U31})?"),
    "changePoll:changeData": ("changePoll:operation changePoll:date changePoll:svTRID changePoll:who (changePoll:caseId )?(changePoll:reason )?",
                              {"state": "before|after"}, None),
    "changePoll:operation": (None, {"op": r"\S+"}, "create|delete|renew|transfer|update|restore|custom"), "changePoll:date": (None, {}, _DATE),
    "changePoll:svTRID": (None, {}, _TRID), "changePoll:who": (None, {}, r".{1,255}"), "changePoll:reason": (None, {}, r".{1,32}"),
    "loginSec:loginSecData": ("(loginSec:event )+", {}, None),
    "loginSec:event": (None, {"type": r"!\S+", "level": "!warning|error", "exDate": _DATE, "value": ".*"}, _ANY),
}
_RANGES = {"secDNS:keyTag": 65535, "secDNS:flags": 65535, "secDNS:alg": 255, "secDNS:digestType": 255, "secDNS:protocol": 255}


class Violation(Exception):
    """A frame that RFC 5730 and its extensions do not allow."""


def short_name(element):
    """"domain:name" of {uri}name."""
    name = etree.QName(element)
    if name.namespace not in SHORT:
        raise Violation(f"the namespace {name.namespace} of {name.localname} is not one of EPP")
    return f"{SHORT[name.namespace]}:{name.localname}"


def check_tree(element, parent=""):
    """\\throw Violation unless the element, and all in it, are as GRAMMAR says."""
    name = short_name(element)
    children, attributes, text = GRAMMAR.get(f"{parent}/{name}") or GRAMMAR.get(name) or (None, None, None)
    if attributes is None:
        raise Violation(f"the element {name} in {parent or 'the frame'} is unknown")
    for key, value in element.attrib.items():
        if not key.startswith(XSI) and (key not in attributes or not re.fullmatch(attributes[key].lstrip("!"), value)):
            raise Violation(f"{name} has the attribute {key}={value!r}")
    if missing := [key for key, form in attributes.items() if form.startswith("!") and key not in element.attrib]:
        raise Violation(f"{name} lacks the attribute {missing[0]}")
    inside = [child for child in element if isinstance(child.tag, str)]
    if children is None:
        if inside:
            raise Violation(f"{name} has elements in it")
        _check_text(name, text, element.text or "")
        return
    listed = "".join(short_name(child) + " " for child in inside)
    if not re.fullmatch(children, listed):
        raise Violation(f"{name} has {listed or 'nothing'}in it, not {children or 'nothing'}")
    loose = (element.text or "") + "".join(child.tail or "" for child in element)
    if loose.strip():
        raise Violation(f"{name} has the text {loose.strip()!r} beside elements")
    for child in inside:
        check_tree(child, name.partition(":")[2])


def _check_text(name, form, text):
    # A token: spaces around it do not count (XML Schema, whiteSpace=collapse).
    token = " ".join(text.split())
    if not re.fullmatch(form, token):
        raise Violation(f"{name} has the text {text!r}")
    if name in _RANGES and int(token) > _RANGES[name] or name == "ttl:ttl" and token and int(token) > 2**31 - 1:
        raise Violation(f"{name} is {token}, which is too much")


class Checker:
    """Checks frames; \\a schema is None where the schemas are not at hand. Any thread may use it."""

    def __init__(self):
        folder = next((folder for folder in SCHEMA_FOLDERS if folder and os.path.isdir(folder)), None)
        self.schema = etree.XMLSchema(_all_schemas(folder)) if folder else None
        self._lock = threading.Lock()  # The errors of a validation are in the schema.

    def check(self, data):
        """\\return The tree of a frame, given without its four octets. \\throw Violation if it is wrong."""
        try:
            tree = etree.fromstring(data, etree.XMLParser(resolve_entities=False, no_network=True, remove_comments=True))
        except etree.XMLSyntaxError as error:
            raise Violation(f"it is no XML: {error}") from error
        if tree.getroottree().docinfo.doctype:
            raise Violation("it has a document type")
        check_tree(tree)
        if self.schema is not None:
            with self._lock:
                if not self.schema.validate(tree):
                    raise Violation(f"the schemas do not allow it: {self.schema.error_log.last_error}")
        return tree


def _all_schemas(folder):
    schema = etree.Element("{http://www.w3.org/2001/XMLSchema}schema", nsmap={None: "http://www.w3.org/2001/XMLSchema"})
    for path in sorted(glob.glob(os.path.join(folder, "*.xsd"))):
        namespace = etree.parse(path).getroot().get("targetNamespace")
        etree.SubElement(schema, "{http://www.w3.org/2001/XMLSchema}import", namespace=namespace, schemaLocation=os.path.abspath(path))
    return etree.fromstring(etree.tostring(schema))


class Writer:
    """Builds elements from short names, with the usual prefixes or with others that mean the same."""

    def __init__(self, other_prefixes=False):
        self.prefixes = OTHER_PREFIXES if other_prefixes else USUAL_PREFIXES

    def element(self, name, *children, text=None, **attributes):
        """An element: name as in GRAMMAR; children that are None are left out; attributes without a final "_"."""
        space, _, local = name.partition(":")
        element = etree.Element(f"{{{URIS[space]}}}{local}", nsmap={self.prefixes[space]: URIS[space]},
                                attrib={key.rstrip("_"): str(value) for key, value in attributes.items() if value is not None})
        element.text = None if text is None else str(text)
        for child in children:
            if child is not None:
                element.append(child)
        return element

    def frame(self, *children, bom=False):
        """The octets of a frame, without the four of its length."""
        data = etree.tostring(self.element("epp:epp", *children), xml_declaration=True, encoding="UTF-8", standalone=False)
        return b"\xef\xbb\xbf" + data if bom else data
