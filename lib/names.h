/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names for logs, spelled as in libqmi. The strings are constants; NULL means
 * that the number has no name here.
 */
#ifndef NAMES_H
#define NAMES_H

#include <stdint.h>

/* "DMS" */
const char *qmi_service_name(uint8_t service);

/*
 * The service's message, such as "Get Model". A response has the name of its
 * request, and so does an indication with the id of a request ("Set Event
 * Report").
 */
const char *qmi_message_name(uint8_t service, uint16_t message);

/* An error in a result TLV, such as "InvalidClientId"; "None" for 0. */
const char *qmi_error_name(uint16_t error);

#endif
