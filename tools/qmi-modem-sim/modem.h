/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The modem: its state, and the way of a request to the handler that answers
 * it. A modem outlives whoever has its port open, and so do their CIDs.
 */
#ifndef MODEM_H
#define MODEM_H

#include <stdbool.h>
#include <stdint.h>

#include "call.h"
#include "line.h"
#include "profile.h"
#include "service.h"
#include "settings.h"

#define TASKS_MAX 16

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
	uint32_t events;   /* what it registered for; each service has its own bits */
};

/* A request that is answered later. */
struct task {
	uint64_t due; /* 0: this task is free */
	const struct service *service;
	uint8_t cid;
	uint16_t tid;
	uint16_t message;
	request_handler *finish;
};

/* What Set System Selection Preference leaves behind. */
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

/* Where a kind of SMS goes: the WMS service's route. */
struct sms_route {
	uint8_t fields[4]; /* message type, message class, storage, receipt action */
};

#define SMS_ROUTES_MAX 8

struct modem_counters {
	unsigned long syncs;
	unsigned long restarts;
	unsigned long refused; /* requests with a CID that is not allocated */
	unsigned long requests[SERVICES];
	unsigned long requests_other; /* for a service that the modem has not */
};

struct modem {
	const struct settings *settings;
	struct line *line;
	struct modem_counters counters;

	struct client clients[SERVICES][QMI_CID_MAX + 1]; /* by service_index() and CID */
	struct task tasks[TASKS_MAX];
	enum operating_mode mode;
	uint64_t reset_at;   /* 0: no reset has been asked for */
	unsigned int signal; /* which of the signals network.c knows */
	struct selection selection;
	struct call calls[CALLS];
	uint32_t calls_made;
	struct profile profiles[PROFILES_MAX];
	uint8_t default_profile;
	uint8_t autoconnect;
	struct data_format format;
	struct sms_route routes[SMS_ROUTES_MAX];
	uint16_t routes_count;
};

void modem_init(struct modem *modem, const struct settings *settings, struct line *line);
void modem_take(struct modem *modem, const uint8_t *request);
void modem_work(struct modem *modem); /* finishes the tasks that are due */
uint64_t modem_due(const struct modem *modem);

/* Sync: no client, no call, no registration is left. */
void modem_forget(struct modem *modem);
/* Power: as after modem_init(), but for what it keeps over one, and silently. */
void modem_power_on(struct modem *modem);
/* Forgets even the operating mode, says nothing more of what it was about to, and says Sync. */
void modem_restart(struct modem *modem);

struct client *modem_client(struct modem *modem, const struct service *service, unsigned int cid);
/* Frees the CID, what it registered for, its tasks and its calls. */
void modem_release(struct modem *modem, const struct service *service, uint8_t cid);
void modem_revoke(struct modem *modem, const struct service *service, uint8_t cid);
void modem_set_mode(struct modem *modem, enum operating_mode mode);

/* Whether it is online: the radio is on and the network there. */
bool modem_online(const struct modem *modem);

/* The request is answered by finish, ms from now. Returns what the handler shall return. */
int modem_add_task(struct modem *modem, const struct request *request, unsigned int ms,
		   request_handler *finish);
/* Ends a task of the request's client with Aborted; false: there is none of this tid. */
bool modem_abort_task(struct modem *modem, const struct request *request, uint16_t tid);

/*
 * An indication: begun with room for LINE_FRAME_MAX, then TLVs are added, then
 * it goes to each client of the service that registered for one of the events
 * or, if events is 0, to each client there is.
 */
void modem_begin_indication(uint8_t *frame, const struct service *service, uint16_t message);
void modem_indicate(struct modem *modem, uint8_t *frame, uint32_t events);

#endif
