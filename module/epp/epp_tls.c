/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <arpa/inet.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "epp_tls.h"
#include "kskroll/text_copy.h"

/*! Other versions than these are not spoken (RFC 9325 3.1.1). */
#define VERSIONS "-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"
#define HOST_MAX 256

/*! CA, certificate, key. */
#define FILES 3
/*! Where GnuTLS finds the CAs of the system, in Debian. */
#define SYSTEM_CAS "/etc/ssl/certs/ca-certificates.crt"

struct epp_tls_credentials {
	gnutls_certificate_credentials_t x509;
	struct stat as_read[FILES]; /*!< What they were before they were read. */
	char name[HOST_MAX];        /*!< That the server's certificate has to have. */
	uint8_t ip[16];             /*!< The same, */
	unsigned ip_len;            /*!< if it is an address: 4 or 16. */
	time_t expires;             /*!< Its own certificate; 0: none. */
};

/*! Of one connection. */
#define NOTHINGS_MAX 1000

struct epp_tls {
	gnutls_session_t session;
	const epp_tls_credentials_t *credentials;
	bool writing;      /*!< GnuTLS has octets that it could not write yet. */
	bool up;           /*!< The handshake is done. */
	unsigned nothings; /*!< Warnings and the like so far. */
	time_t expires;
	char why[EPP_TLS_WHY];
};

static void say(char *why, size_t why_len, const char *what, const char *path, int error)
{
	snprintf(why, why_len, "%s %s cannot be read: %s", what, path, gnutls_strerror(error));
}

static time_t own_expires(const epp_tls_credentials_t *c)
{
	gnutls_x509_crt_t *chain = NULL;
	unsigned count = 0;
	time_t expires = -1;

	if (gnutls_certificate_get_x509_crt(c->x509, 0, &chain, &count) < 0) {
		return 0;
	}
	for (unsigned i = 0; i < count; i++) {
		/* The first one is that of the client, the others lead to its authority. */
		expires = i == 0 ? gnutls_x509_crt_get_expiration_time(chain[i]) : expires;
		gnutls_x509_crt_deinit(chain[i]);
	}
	gnutls_free(chain);
	return expires > 0 ? expires : 0;
}

/*! What the files of an account are now; zeros of one that is not there. */
static void look_at_files(const epp_account_t *account, struct stat is[FILES])
{
	const char *const path[FILES] = { account->ca != NULL ? account->ca : SYSTEM_CAS, account->cert, account->key };

	memset(is, 0, FILES * sizeof(*is));
	for (size_t i = 0; i < FILES; i++) {
		if (path[i] != NULL && stat(path[i], &is[i]) != 0) {
			memset(&is[i], 0, sizeof(is[i]));
		}
	}
}

static bool is_same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
	       memcmp(&a->st_mtim, &b->st_mtim, sizeof(a->st_mtim)) == 0 &&
	       memcmp(&a->st_ctim, &b->st_ctim, sizeof(a->st_ctim)) == 0;
}

static bool read_files(epp_tls_credentials_t *c, const epp_account_t *account, char *why, size_t why_len)
{
	int ret = account->ca != NULL ?
	                  gnutls_certificate_set_x509_trust_file(c->x509, account->ca, GNUTLS_X509_FMT_PEM) :
	                  gnutls_certificate_set_x509_system_trust(c->x509);
	if (ret <= 0) {
		say(why, why_len, "the CA certificates in", account->ca != NULL ? account->ca : "the system",
		    ret < 0 ? ret : GNUTLS_E_NO_CERTIFICATE_FOUND);
		return false;
	}
	if (account->cert == NULL) {
		return true;
	}
	ret = gnutls_certificate_set_x509_key_file(c->x509, account->cert, account->key, GNUTLS_X509_FMT_PEM);
	if (ret < 0) {
		char files[1024];
		snprintf(files, sizeof(files), "%s with the key %s", account->cert, account->key);
		say(why, why_len, "the certificate", files, ret);
		return false;
	}
	c->expires = own_expires(c);
	return true;
}

static bool is_name_or_address(int type)
{
	return type == GNUTLS_SAN_DNSNAME || type == GNUTLS_SAN_IPADDRESS;
}

/*! GnuTLS would take the common name of a certificate that has no name in its subjectAltName. */
static bool has_names(gnutls_x509_crt_t cert)
{
	char name[HOST_MAX];
	int type = 0;

	for (unsigned i = 0; type != GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE; i++) {
		size_t len = sizeof(name);
		type = gnutls_x509_crt_get_subject_alt_name(cert, i, name, &len, NULL);
		if (is_name_or_address(type)) {
			return true;
		}
		if (type < 0 && type != GNUTLS_E_SHORT_MEMORY_BUFFER) {
			return false;
		}
	}
	return false;
}

/*! The first certificate of the chain: when it ends, and whether it has names. */
static bool take_certificate(epp_tls_t *tls)
{
	unsigned count = 0;
	const gnutls_datum_t *chain = gnutls_certificate_get_peers(tls->session, &count);
	gnutls_x509_crt_t cert;
	bool names = false;

	if (chain == NULL || count == 0 || gnutls_x509_crt_init(&cert) < 0) {
		return false;
	}
	if (gnutls_x509_crt_import(cert, &chain[0], GNUTLS_X509_FMT_DER) == 0) {
		const time_t expires = gnutls_x509_crt_get_expiration_time(cert);
		tls->expires = expires > 0 ? expires : 0;
		names = has_names(cert);
	}
	gnutls_x509_crt_deinit(cert);
	return names;
}

static void say_status(epp_tls_t *tls, unsigned status)
{
	gnutls_datum_t text = { NULL, 0 };
	int at =
		snprintf(tls->why, sizeof(tls->why), "its certificate is not that of %.128s: ", tls->credentials->name);

	/* Without memory GnuTLS may have no text and no error. */
	if (gnutls_certificate_verification_status_print(status, GNUTLS_CRT_X509, &text, 0) < 0 || text.data == NULL) {
		return;
	}
	if (at > 0 && (size_t)at < sizeof(tls->why)) {
		text_copy(tls->why + at, sizeof(tls->why) - at, (const char *)text.data);
	}
	gnutls_free(text.data);
	for (size_t len = strlen(tls->why); len > 0 && (tls->why[len - 1] == ' ' || tls->why[len - 1] == '.'); len--) {
		tls->why[len - 1] = '\0';
	}
}

/*! Called within the handshake. \return Not 0: the server is another one, and the handshake ends. */
static int verify(gnutls_session_t session)
{
	epp_tls_t *tls = gnutls_session_get_ptr(session);
	const epp_tls_credentials_t *c = tls->credentials;
	unsigned status = 0;
	gnutls_typed_vdata_st wanted[] = {
		{ .type = GNUTLS_DT_DNS_HOSTNAME, .data = (unsigned char *)c->name },
		{ .type = GNUTLS_DT_KEY_PURPOSE_OID, .data = (unsigned char *)GNUTLS_KP_TLS_WWW_SERVER },
	};

	if (c->ip_len > 0) {
		wanted[0].type = GNUTLS_DT_IP_ADDRESS;
		wanted[0].data = (unsigned char *)c->ip;
		wanted[0].size = c->ip_len;
	}
	const int ret = gnutls_certificate_verify_peers(session, wanted, 2, &status);
	if (ret < 0) {
		snprintf(tls->why, sizeof(tls->why), "its certificate cannot be verified: %s", gnutls_strerror(ret));
		return GNUTLS_E_CERTIFICATE_ERROR;
	}
	if (status != 0) {
		say_status(tls, status);
		return GNUTLS_E_CERTIFICATE_ERROR;
	}
	if (!take_certificate(tls)) {
		snprintf(
			tls->why, sizeof(tls->why),
			"its certificate is not that of %.128s: it has neither a name nor an address in subjectAltName",
			c->name);
		return GNUTLS_E_CERTIFICATE_ERROR;
	}
	return 0;
}

epp_tls_credentials_t *epp_tls_credentials_new(const epp_account_t *account, char *why, size_t why_len)
{
	epp_tls_credentials_t *c = calloc(1, sizeof(*c));

	if (c == NULL || gnutls_certificate_allocate_credentials(&c->x509) < 0) {
		free(c);
		snprintf(why, why_len, "there is no memory");
		return NULL;
	}
	text_copy(c->name, sizeof(c->name), account->name);
	c->ip_len = inet_pton(AF_INET, c->name, c->ip) == 1 ? 4 : inet_pton(AF_INET6, c->name, c->ip) == 1 ? 16 : 0;
	look_at_files(account, c->as_read);
	if (!read_files(c, account, why, why_len)) {
		epp_tls_credentials_free(c);
		return NULL;
	}
	gnutls_certificate_set_verify_function(c->x509, verify);
	return c;
}

void epp_tls_credentials_free(epp_tls_credentials_t *credentials)
{
	if (credentials != NULL) {
		gnutls_certificate_free_credentials(credentials->x509);
		free(credentials);
	}
}

bool epp_tls_credentials_are_current(const epp_tls_credentials_t *c, const epp_account_t *account)
{
	struct stat is[FILES];

	look_at_files(account, is);
	bool all = is[0].st_ino != 0;
	for (size_t i = 0; i < FILES; i++) {
		all &= is_same_file(&is[i], &c->as_read[i]);
	}
	return all;
}

time_t epp_tls_credentials_expires(const epp_tls_credentials_t *credentials)
{
	return credentials->expires;
}

static int prepare(epp_tls_t *tls, int fd)
{
	const epp_tls_credentials_t *c = tls->credentials;
	int ret = gnutls_set_default_priority_append(tls->session, VERSIONS, NULL, 0);

	if (ret == GNUTLS_E_SUCCESS) {
		ret = gnutls_credentials_set(tls->session, GNUTLS_CRD_CERTIFICATE, c->x509);
	}
	/* An address is no server name (RFC 6066 3). */
	if (ret == GNUTLS_E_SUCCESS && c->ip_len == 0) {
		ret = gnutls_server_name_set(tls->session, GNUTLS_NAME_DNS, c->name, strlen(c->name));
	}
	gnutls_session_set_ptr(tls->session, tls);
	gnutls_transport_set_int(tls->session, fd);
	return ret;
}

epp_tls_t *epp_tls_new(const epp_tls_credentials_t *credentials, int fd)
{
	epp_tls_t *tls = calloc(1, sizeof(*tls));

	if (tls == NULL) {
		return NULL;
	}
	tls->credentials = credentials;
	if (gnutls_init(&tls->session, GNUTLS_CLIENT | GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL) < 0) {
		free(tls);
		return NULL;
	}
	if (prepare(tls, fd) < 0) {
		epp_tls_free(tls);
		return NULL;
	}
	return tls;
}

void epp_tls_free(epp_tls_t *tls)
{
	if (tls != NULL) {
		gnutls_deinit(tls->session);
		free(tls);
	}
}

/*! The alert of the server, in words about what it can mean here. */
static void say_alert(epp_tls_t *tls)
{
	const gnutls_alert_description_t alert = gnutls_alert_get(tls->session);
	const char *name = gnutls_alert_get_name(alert);

	switch (alert) {
	case GNUTLS_A_CERTIFICATE_REQUIRED:
	case GNUTLS_A_HANDSHAKE_FAILURE:
	case GNUTLS_A_BAD_CERTIFICATE:
	case GNUTLS_A_UNSUPPORTED_CERTIFICATE:
	case GNUTLS_A_CERTIFICATE_REVOKED:
	case GNUTLS_A_CERTIFICATE_EXPIRED:
	case GNUTLS_A_CERTIFICATE_UNKNOWN:
	case GNUTLS_A_UNKNOWN_CA:
	case GNUTLS_A_ACCESS_DENIED:
		snprintf(tls->why, sizeof(tls->why),
		         "it refuses the TLS connection (%s): check cert and key of the account", name);
		break;
	default:
		snprintf(tls->why, sizeof(tls->why), "it ends the TLS connection (%s)", name != NULL ? name : "alert");
	}
}

/*! What GnuTLS says becomes a status; \a why is filled in. */
static epp_tls_status_t status_of(epp_tls_t *tls, int error)
{
	if (error == GNUTLS_E_AGAIN) {
		return gnutls_record_get_direction(tls->session) == 1 ? EPP_TLS_WRITE : EPP_TLS_READ;
	}
	if (error == GNUTLS_E_FATAL_ALERT_RECEIVED) {
		say_alert(tls);
	} else if (error == GNUTLS_E_PREMATURE_TERMINATION) {
		text_copy(tls->why, sizeof(tls->why), "it has closed the connection");
	} else if (error == GNUTLS_E_PULL_ERROR || error == GNUTLS_E_PUSH_ERROR || error == GNUTLS_E_INVALID_SESSION) {
		text_copy(tls->why, sizeof(tls->why), "the connection is broken");
	} else if (error == GNUTLS_E_UNSUPPORTED_VERSION_PACKET || error == GNUTLS_E_UNEXPECTED_PACKET_LENGTH) {
		text_copy(tls->why, sizeof(tls->why), "it does not speak TLS 1.2 or later");
	} else if (error != GNUTLS_E_CERTIFICATE_ERROR || tls->why[0] == '\0') {
		snprintf(tls->why, sizeof(tls->why), "TLS fails: %s", gnutls_strerror(error));
	}
	return EPP_TLS_ERROR;
}

/*! Warnings and interruptions are no end: the call is made again. A server that sends nothing else is none. */
static bool is_nothing(epp_tls_t *tls, int error)
{
	return error < 0 && error != GNUTLS_E_AGAIN && !gnutls_error_is_fatal(error) && ++tls->nothings <= NOTHINGS_MAX;
}

epp_tls_status_t epp_tls_handshake(epp_tls_t *tls)
{
	int ret;

	do {
		ret = gnutls_handshake(tls->session);
	} while (is_nothing(tls, ret));
	if (ret == GNUTLS_E_SUCCESS) {
		tls->up = true;
		return EPP_TLS_DONE;
	}
	const epp_tls_status_t status = status_of(tls, ret);
	if (ret == GNUTLS_E_CERTIFICATE_ERROR) {
		(void)gnutls_alert_send_appropriate(tls->session, ret);
	}
	return status;
}

epp_tls_status_t epp_tls_read(epp_tls_t *tls, uint8_t *data, size_t size, size_t *len)
{
	ssize_t ret;

	do {
		ret = gnutls_record_recv(tls->session, data, size);
	} while (is_nothing(tls, ret));
	if (ret > 0) {
		*len = ret;
		return EPP_TLS_DONE;
	}
	return ret == 0 ? EPP_TLS_END : status_of(tls, ret);
}

epp_tls_status_t epp_tls_write(epp_tls_t *tls, const uint8_t *data, size_t size, size_t *len)
{
	ssize_t ret;

	do {
		/* GnuTLS has kept what it could not write. */
		ret = tls->writing ? gnutls_record_send(tls->session, NULL, 0) :
		                     gnutls_record_send(tls->session, data, size);
		tls->writing = ret < 0;
	} while (is_nothing(tls, ret));
	if (ret >= 0) {
		*len = ret;
		return EPP_TLS_DONE;
	}
	return status_of(tls, ret);
}

void epp_tls_bye(epp_tls_t *tls)
{
	if (tls->up) {
		(void)gnutls_bye(tls->session, GNUTLS_SHUT_WR);
	}
}

const char *epp_tls_why(const epp_tls_t *tls)
{
	return tls->why;
}

const char *epp_tls_version(const epp_tls_t *tls)
{
	return tls->up ? gnutls_protocol_get_name(gnutls_protocol_get_version(tls->session)) : "-";
}

time_t epp_tls_expires(const epp_tls_t *tls)
{
	return tls->expires;
}
