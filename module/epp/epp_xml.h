/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 *
 * \brief XML of servers: read by libxml2 within bounds, found by namespace and name.
 *
 * A server is not trusted with our time or memory. There are no DTD, no entities but the five of XML, no network.
 * Depth, elements and attributes are bounded. UTF-8 alone is read, with or without its BOM (RFC 5730 5 recommends it).
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <libxml/tree.h>

#define EPP_NS            "urn:ietf:params:xml:ns:epp-1.0"
#define EPP_NS_DOMAIN     "urn:ietf:params:xml:ns:domain-1.0"
#define EPP_NS_SECDNS     "urn:ietf:params:xml:ns:secDNS-1.1"
#define EPP_NS_TTL        "urn:ietf:params:xml:ns:epp:ttl-1.0"
#define EPP_NS_CHANGE     "urn:ietf:params:xml:ns:changePoll-1.0"
#define EPP_NS_LOGIN_SEC  "urn:ietf:params:xml:ns:epp:loginSec-1.0"
#define EPP_XML_DEPTH     32   /*!< An answer has about 8. */
#define EPP_XML_ELEMENTS  4096 /*!< An answer has about 100. */
#define EPP_XML_TAG_PAIRS 32   /*!< Attributes and namespaces of one element. */
#define EPP_XML_PAIRS     4096 /*!< Of all elements. */

/*!
 * \brief Reads a document.
 *
 * \param[out] why  What is wrong with it: the end of a sentence about it.
 *
 * \return NULL if it is not well-formed, beyond a bound, or there is no memory. To be freed by xmlFreeDoc().
 */
xmlDoc *epp_xml_parse(const uint8_t *data, size_t len, const char **why);

/*! The first child of that name; NULL: there is none. Also for a \a parent of NULL. */
const xmlNode *epp_xml_child(const xmlNode *parent, const char *ns, const char *name);
/*! The next sibling of that name; NULL: there is none. */
const xmlNode *epp_xml_next(const xmlNode *node, const char *ns, const char *name);

/*!
 * \brief All text within an element, for people: white space collapsed, printable, cut to the buffer.
 *
 * \param[in] node  NULL: no text.
 */
void epp_xml_show(const xmlNode *node, char *text, size_t size);
/*! \return False: there is no element, it has elements, or its text does not fit. White space is collapsed. */
bool epp_xml_token(const xmlNode *node, char *text, size_t size);
/*! The same for an attribute without namespace. */
bool epp_xml_attribute(const xmlNode *node, const char *name, char *text, size_t size);
/*! The text of an element as a number. \return False: it is none, or beyond \a max. */
bool epp_xml_number(const xmlNode *node, uint32_t max, uint32_t *number);
/*! The same for an attribute. */
bool epp_xml_attribute_number(const xmlNode *node, const char *name, uint32_t max, uint32_t *number);
