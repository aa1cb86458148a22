/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A QMI service of the modem: a name and a table of messages. */
#ifndef SERVICE_H
#define SERVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "qmi.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Common QMI errors that lib/qmi.h does not need. */
enum modem_error {
	QMI_ERROR_INVALID_HANDLE = 9,
	QMI_ERROR_INVALID_PROFILE = 10,
	QMI_ERROR_CALL_FAILED = 14,
	QMI_ERROR_OUT_OF_CALL = 15,
	QMI_ERROR_ARGUMENT_TOO_LONG = 19,
	QMI_ERROR_INVALID_TRANSACTION_ID = 22,
	QMI_ERROR_NO_FREE_PROFILE = 27,
	QMI_ERROR_INVALID_SERVICE_TYPE = 31,
	QMI_ERROR_INVALID_ARGUMENT = 48,
	QMI_ERROR_INVALID_INDEX = 49,
	QMI_ERROR_INVALID_TRANSITION = 60,
	QMI_ERROR_INVALID_IP_FAMILY_PREFERENCE = 64,
	QMI_ERROR_INSUFFICIENT_RESOURCES = 68,
	QMI_ERROR_INVALID_QMI_COMMAND = 71,
	QMI_ERROR_INFORMATION_UNAVAILABLE = 74,
	QMI_ERROR_SIM_FILE_NOT_FOUND = 80,
};

/* Returned by a handler besides QMI errors: a task sends the answer, or nobody does. */
#define ANSWER_LATER (-1)

/* Index of a service in the modem's arrays. */
enum service_index {
	INDEX_CTL,
	INDEX_WDS,
	INDEX_DMS,
	INDEX_NAS,
	INDEX_WMS,
	INDEX_UIM,
	INDEX_WDA,
	SERVICES,
};

struct client;
struct modem;

struct request {
	struct modem *modem;
	const struct service *service; /* NULL: the modem does not provide it */
	struct client *client;         /* NULL for CTL */
	uint8_t service_id;
	uint8_t cid;
	uint16_t tid;
	uint16_t message;
	const uint8_t *frame; /* NULL once the request is a task */
	const uint8_t *value; /* of the mandatory TLV */
	uint16_t len;
	uint8_t *answer; /* has a success result; the handler adds TLVs */
};

/* Returns a QMI error, QMI_ERROR_NONE for success, or ANSWER_LATER. */
typedef int request_handler(const struct request *request);

struct fixed_tlv {
	uint8_t type;
	uint8_t len;
	const char *value;
};

#define FIXED(type, value)                                                                         \
	{                                                                                          \
		(type), sizeof(value) - 1, (value)                                                 \
	}

/* A TLV whose first byte turns an event on (1) or off (0) for the client. */
struct event_switch {
	uint8_t tlv;
	uint32_t event;
};

/* First the checks, then the actions, of which any may be absent. */
struct message {
	uint16_t id;
	bool online; /* InformationUnavailable unless the modem is online */
	struct {
		uint8_t type; /* 0: none */
		uint8_t min_len;
	} mandatory; /* TLV */
	struct event_switch switches[3];
	struct fixed_tlv fixed[2];
	void (*add)(const struct modem *modem, uint8_t *answer);
	request_handler *handle;
};

struct service {
	enum service_index index;
	enum qmi_service id;
	const char *name;
	uint16_t major;
	uint16_t minor;
	const struct message *messages;
	size_t count;
	void (*client_gone)(struct modem *modem, uint8_t cid); /* or NULL */
};

/* Reset and Get Supported Messages, shared by several services. */
request_handler service_reset;
request_handler service_list_messages;

/* The QMI error for a mandatory TLV that is missing or too short. */
int service_missing(const struct request *request, uint8_t type);

/* Passes a request to its service, which answers now or later. */
void service_take(struct modem *modem, const uint8_t *frame);
/* Calls handle and sends its answer, unless it returns ANSWER_LATER. */
void service_answer(const struct request *request, request_handler *handle);

#endif
