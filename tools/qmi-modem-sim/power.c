/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "power.h"

#include "clients.h"
#include "millis.h"
#include "services.h"

static const struct service *const power_services[SERVICES] = {
	[INDEX_CTL] = &ctl_service, [INDEX_WDS] = &wds_service, [INDEX_DMS] = &dms_service,
	[INDEX_NAS] = &nas_service, [INDEX_WMS] = &wms_service, [INDEX_UIM] = &uim_service,
	[INDEX_WDA] = &wda_service,
};

/* As a host leaves them that has crashed. */
static void power_leave_clients(struct modem *modem, unsigned int count)
{
	for (size_t i = 1; i < SERVICES; i++) {
		for (unsigned int n = 0; n < count; n++)
			clients_allocate(modem, modem->services[i]);
	}
}

void power_init(struct modem *modem, const struct settings *settings, struct line *line)
{
	*modem = (struct modem){
		.settings = settings,
		.services = power_services,
		.line = line,
		.selection = {.modes = 0x001C /* GSM, UMTS, LTE */,
			      .roaming = 0x00FF,
			      .lte_bands = 0x00000000080800C5 /* 1, 3, 7, 8, 20, 28 */},
		.format = {.link_layer = 2 /* raw IP */},
		.routes = {{{0, 4, 1, 1}}},
		.routes_count = 1,
	};
	profile_init(modem);
	power_leave_clients(modem, settings->stale);
}

void power_on(struct modem *modem)
{
	ctl_forget(modem);
	modem->mode = MODE_ONLINE;
	modem->reset_at = 0;
}

void power_restart(struct modem *modem)
{
	power_on(modem);
	modem->counters.restarts++;
	line_forget(modem->line);
	line_indicate_sync(modem->line);
}

void power_work(struct modem *modem)
{
	tasks_work(modem);
	if (modem->reset_at && millis_now() >= modem->reset_at)
		power_restart(modem);
}

uint64_t power_due(const struct modem *modem)
{
	uint64_t due = tasks_due(modem);

	return modem->reset_at ? millis_earlier(due, modem->reset_at) : due;
}
