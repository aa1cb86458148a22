/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names for people's logs, as libqmi has them. The strings are constant and
 * live as long as the program; NULL stands for a number that has no name here.
 */
#ifndef NAMES_H
#define NAMES_H

#include <stdint.h>

/* "DMS" */
const char *qmi_service_name(uint8_t service);

/*
 * "Get Model", of this service. A response has its request's name; so has an
 * indication that shares the id of a request ("Set Event Report").
 */
const char *qmi_message_name(uint8_t service, uint16_t message);

/* "InvalidClientId", of the result TLV's error field; "None" for 0. */
const char *qmi_error_name(uint16_t error);

#endif
