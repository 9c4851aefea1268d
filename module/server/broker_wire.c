/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <assert.h>
#include <string.h>

#include <libknot/libknot.h>

#include "broker_wire.h"

/*! The next text of a message, with its final zero. \return NULL if there is none, or it is too long. */
static const char *take_text(const uint8_t **data, size_t *left, size_t max)
{
	const char *text = (const char *)*data;
	const size_t len = strnlen(text, *left);
	if (len == *left || len >= max) {
		return NULL;
	}
	*data += len + 1;
	*left -= len + 1;
	return text;
}

static bool is_printable(const char *text, char from)
{
	for (; *text != '\0'; text++) {
		if (*text < from || *text > '~') {
			return false;
		}
	}
	return true;
}

static bool is_zone(const char *text)
{
	knot_dname_storage_t name;
	const size_t len = strlen(text);

	return len > 0 && len <= KNOT_DNAME_TXT_MAXLEN && text[len - 1] == '.' && is_printable(text, '!') &&
	       knot_dname_from_str(name, text, sizeof(name)) != NULL;
}

static bool is_id(const char *text)
{
	const size_t len = strlen(text);
	return len > 0 && len < KEY_ID_SIZE && strspn(text, "0123456789abcdef") == len;
}

static bool is_path(const char *text)
{
	return text[0] == '/';
}

size_t broker_put_request(const broker_request_t *request, uint8_t *out)
{
	assert(request != NULL && out != NULL);

	const bool configure = request->kind == BROKER_CONFIGURE;
	const char *const texts[] = { configure ? request->folder : request->zone, configure ? request->program :
		                                                                   request->kind == BROKER_SET ?
		                                                                               request->id :
		                                                                               "" };
	size_t len = 0;

	out[len++] = request->kind;
	out[len++] = request->kind == BROKER_SET ? request->change : 0;
	for (size_t i = 0; i < 2; i++) {
		const size_t size = strlen(texts[i]) + 1;
		if (size > BROKER_PATH_MAX) {
			return 0;
		}
		memcpy(out + len, texts[i], size);
		len += size;
	}
	return len;
}

bool broker_get_request(const uint8_t *data, size_t len, broker_request_t *request)
{
	assert((data != NULL || len == 0) && request != NULL);

	*request = (broker_request_t){ 0 };
	if (len < 2 || len > BROKER_REQUEST_MAX) {
		return false;
	}
	const uint8_t kind = data[0], change = data[1];
	const uint8_t *at = data + 2;
	size_t left = len - 2;
	const char *first = take_text(&at, &left, BROKER_PATH_MAX);
	const char *second = first != NULL ? take_text(&at, &left, BROKER_PATH_MAX) : NULL;
	if (second == NULL || left != 0) {
		return false;
	}
	*request = (broker_request_t){ .kind = kind };
	switch (kind) {
	case BROKER_CONFIGURE:
		request->folder = first;
		request->program = second;
		return change == 0 && is_path(first) && (second[0] == '\0' || is_path(second));
	case BROKER_LIST:
		request->zone = first;
		return change == 0 && is_zone(first) && second[0] == '\0';
	case BROKER_SET:
		request->zone = first;
		request->id = second;
		request->change = change;
		return change < KEY_CHANGES && is_zone(first) && is_id(second);
	default:
		return false;
	}
}

size_t broker_put_answer(const broker_answer_t *answer, uint8_t *out)
{
	assert(answer != NULL && out != NULL && answer->list_len <= KEY_LIST_TEXT_MAX);

	const size_t words = strnlen(answer->detail, KEYMGR_DETAIL_MAX - 1);
	size_t len = 0;

	out[len++] = answer->status;
	for (size_t i = 0; i < words; i++) {
		// The name of a file may have any byte.
		const char byte = answer->detail[i];
		out[len++] = byte >= ' ' && byte <= '~' ? byte : '?';
	}
	out[len++] = '\0';
	if (answer->list_len > 0) {
		memcpy(out + len, answer->list, answer->list_len);
		len += answer->list_len;
	}
	return len;
}

bool broker_get_answer(const uint8_t *data, size_t len, broker_answer_t *answer)
{
	assert((data != NULL || len == 0) && answer != NULL);

	*answer = (broker_answer_t){ .detail = "" };
	if (len < 2 || len > BROKER_ANSWER_MAX || data[0] >= BROKER_STATUSES) {
		return false;
	}
	const uint8_t *at = data + 1;
	size_t left = len - 1;
	const char *detail = take_text(&at, &left, KEYMGR_DETAIL_MAX);
	if (detail == NULL || left > KEY_LIST_TEXT_MAX || !is_printable(detail, ' ')) {
		return false;
	}
	*answer = (broker_answer_t){ .status = data[0], .detail = detail, .list = (const char *)at, .list_len = left };
	return answer->status == BROKER_DONE ? detail[0] == '\0' : detail[0] != '\0' && left == 0;
}
