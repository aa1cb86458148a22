/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The state of the modem. Like the CIDs in it, it outlives the programs that have
 * the port open.
 */
#ifndef MODEM_STATE_H
#define MODEM_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "call.h"
#include "habits.h"
#include "line.h"
#include "profile.h"
#include "service.h"
#include "settings.h"
#include "tasks.h"

enum operating_mode {
	MODE_ONLINE = 0,
	MODE_LOW_POWER = 1,
	MODE_FACTORY_TEST = 2,
	MODE_OFFLINE = 3,
	MODE_RESET = 4,
	MODE_SHUTTING_DOWN = 5,
	MODE_PERSISTENT_LOW_POWER = 6,
	MODE_ONLY_LOW_POWER = 7,
};

struct client {
	bool allocated;
	uint8_t ip_family; /* WDS: 4 or 6 */
	uint32_t events;   /* registered events; each service has its own bits */
};

/* As set by Set System Selection Preference. */
struct selection {
	uint16_t modes;
	uint16_t roaming;
	uint64_t lte_bands;
};

/* The data format of the WDA service. */
struct data_format {
	uint32_t link_layer;
	uint32_t uplink_aggregation;
	uint32_t downlink_aggregation;
	uint32_t downlink_datagrams;
	uint32_t downlink_size;
};

/* A WMS route: where a kind of SMS goes. */
struct sms_route {
	uint8_t fields[4]; /* message type, message class, storage, receipt action */
};

#define SMS_ROUTES_MAX 8

#define SMS_MAX      16
#define SMS_TEXT_MAX 70

/* A message that was received. */
struct sms {
	uint8_t storage;
	char text[SMS_TEXT_MAX + 1]; /* empty: a free place */
};

struct modem_counters {
	unsigned long syncs;
	unsigned long restarts;
	unsigned long refused; /* requests with a CID that is not allocated */
	unsigned long requests[SERVICES];
	unsigned long requests_other; /* for a service that the modem does not provide */
};

struct modem {
	const struct settings *settings;
	const struct service *const *services; /* by index */
	struct line *line;
	struct modem_counters counters;

	struct client clients[SERVICES][QMI_CID_MAX + 1]; /* by service and CID */
	struct task tasks[TASKS_MAX];
	enum operating_mode mode;
	uint64_t reset_at;   /* ms; 0: no reset is pending */
	unsigned int signal; /* index into the signals of nas.c */
	struct selection selection;
	struct call calls[CALLS];
	uint32_t calls_made;
	struct profile profiles[PROFILES_MAX];
	uint8_t default_profile;
	uint8_t autoconnect;
	struct data_format format;
	struct habit habits[HABITS_MAX];
	struct sms_route routes[SMS_ROUTES_MAX];
	uint16_t routes_count;
	struct sms sms[SMS_MAX];
};

/* True if the radio is on and the modem registered. */
static inline bool modem_state_online(const struct modem *modem)
{
	return modem->mode == MODE_ONLINE;
}

/* Returns NULL if the modem does not provide the service. */
static inline const struct service *modem_state_service(const struct modem *modem, unsigned int id)
{
	for (size_t i = 0; i < SERVICES; i++) {
		if (modem->services[i]->id == id)
			return modem->services[i];
	}
	return NULL;
}

#endif
