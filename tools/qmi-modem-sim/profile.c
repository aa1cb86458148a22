/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "profile.h"

#include <string.h>

#include "errors.h"
#include "frame.h"
#include "modem.h"
#include "tlv.h"

void profile_init(struct modem *modem)
{
	modem->profiles[0] = (struct profile){
		.used = true, .pdp_type = 3, .name = "internet", .apn = "internet.sim"};
	modem->profiles[1] =
		(struct profile){.used = true, .pdp_type = 3, .name = "ims", .apn = "ims"};
	modem->default_profile = 1;
}

struct profile *profile_at(struct modem *modem, unsigned int index)
{
	if (index < 1 || index > PROFILES_MAX || !modem->profiles[index - 1].used)
		return NULL;
	return &modem->profiles[index - 1];
}

int profile_take_text(const struct request *request, uint8_t tlv, char *text, size_t size)
{
	uint16_t len;
	const uint8_t *value = frame_tlv(request->frame, tlv, 0, &len);

	if (!value)
		return QMI_ERROR_NONE;
	if (len >= size)
		return QMI_ERROR_ARGUMENT_TOO_LONG;
	memcpy(text, value, len);
	text[len] = '\0';
	return QMI_ERROR_NONE;
}

static int take_texts(const struct request *request, struct profile *profile)
{
	int error;

	error = profile_take_text(request, 0x10, profile->name, sizeof(profile->name));
	if (error)
		return error;
	error = profile_take_text(request, 0x14, profile->apn, sizeof(profile->apn));
	if (error)
		return error;
	error = profile_take_text(request, 0x1B, profile->user, sizeof(profile->user));
	if (error)
		return error;
	return profile_take_text(request, 0x1C, profile->password, sizeof(profile->password));
}

static int take_settings(const struct request *request, struct profile *profile)
{
	struct profile changed = *profile;
	const uint8_t *pdp_type = frame_tlv(request->frame, 0x11, 1, NULL);
	const uint8_t *auth = frame_tlv(request->frame, 0x1D, 1, NULL);
	int error = take_texts(request, &changed);

	if (error)
		return error;
	if (pdp_type)
		changed.pdp_type = *pdp_type;
	if (auth)
		changed.auth = *auth;
	*profile = changed;
	return QMI_ERROR_NONE;
}

/* The profile that TLV 0x01 names by its type and index; NULL, and *error, if there is none. */
static struct profile *find(struct modem *modem, const struct request *request, int *error)
{
	const uint8_t *id = frame_tlv(request->frame, 0x01, 2, NULL);

	*error = id ? QMI_ERROR_INVALID_PROFILE : service_missing(request, 0x01);
	if (!id || id[0] != PROFILE_3GPP)
		return NULL;
	return profile_at(modem, id[1]);
}

int profile_create(struct modem *modem, const struct request *request)
{
	const uint8_t *type = frame_tlv(request->frame, 0x01, 1, NULL);
	unsigned int i = 0;
	uint8_t id[2];
	int error;

	if (!type)
		return service_missing(request, 0x01);
	if (*type != PROFILE_3GPP)
		return QMI_ERROR_INVALID_ARGUMENT;
	while (i < PROFILES_MAX && modem->profiles[i].used)
		i++;
	if (i == PROFILES_MAX)
		return QMI_ERROR_NO_FREE_PROFILE;
	modem->profiles[i] = (struct profile){0};
	error = take_settings(request, &modem->profiles[i]);
	if (error)
		return error;
	modem->profiles[i].used = true;
	id[0] = PROFILE_3GPP;
	id[1] = (uint8_t)(i + 1);
	frame_add_tlv(request->answer, 0x01, id, sizeof(id));
	return QMI_ERROR_NONE;
}

int profile_modify(struct modem *modem, const struct request *request)
{
	int error;
	struct profile *profile = find(modem, request, &error);

	return profile ? take_settings(request, profile) : error;
}

int profile_delete(struct modem *modem, const struct request *request)
{
	int error;
	struct profile *profile = find(modem, request, &error);

	if (!profile)
		return error;
	profile->used = false;
	return QMI_ERROR_NONE;
}

int profile_list(struct modem *modem, const struct request *request)
{
	const uint8_t *type = frame_tlv(request->frame, 0x10, 1, NULL);
	bool all = !type || *type == PROFILE_3GPP;
	unsigned int count = 0;
	struct tlv tlv;

	for (unsigned int i = 1; i <= PROFILES_MAX; i++)
		count += all && profile_at(modem, i);
	tlv_begin(&tlv);
	tlv_u8(&tlv, count);
	for (unsigned int i = 1; all && i <= PROFILES_MAX; i++) {
		if (!profile_at(modem, i))
			continue;
		tlv_u8(&tlv, PROFILE_3GPP);
		tlv_u8(&tlv, i);
		tlv_text(&tlv, profile_at(modem, i)->name);
	}
	tlv_end(&tlv, request->answer, 0x01);
	return QMI_ERROR_NONE;
}

static void add_settings(uint8_t *answer, const struct profile *profile)
{
	frame_add_text(answer, 0x10, profile->name);
	frame_add_u8(answer, 0x11, profile->pdp_type);
	frame_add_u8(answer, 0x12, 0); /* no header compression */
	frame_add_u8(answer, 0x13, 0); /* no data compression */
	frame_add_text(answer, 0x14, profile->apn);
	frame_add_text(answer, 0x1B, profile->user);
	frame_add_text(answer, 0x1C, profile->password);
	frame_add_u8(answer, 0x1D, profile->auth);
	frame_add_u8(answer, 0x2F, 0); /* the APN is not disabled */
	frame_add_u8(answer, 0x3E, 0); /* nor roaming disallowed */
}

int profile_settings(struct modem *modem, const struct request *request)
{
	int error;
	const struct profile *profile = find(modem, request, &error);

	if (!profile)
		return error;
	add_settings(request->answer, profile);
	frame_add_u8(request->answer, 0x25, (unsigned int)(profile - modem->profiles) + 1);
	return QMI_ERROR_NONE;
}

int profile_default_settings(struct modem *modem, const struct request *request)
{
	static const struct profile settings = {.pdp_type = 3};
	const uint8_t *type = frame_tlv(request->frame, 0x01, 1, NULL);

	(void)modem;
	if (!type)
		return service_missing(request, 0x01);
	if (*type != PROFILE_3GPP)
		return QMI_ERROR_INVALID_ARGUMENT;
	add_settings(request->answer, &settings);
	return QMI_ERROR_NONE;
}

int profile_default_number(struct modem *modem, const struct request *request)
{
	const uint8_t *id = frame_tlv(request->frame, 0x01, 2, NULL);

	if (!id)
		return service_missing(request, 0x01);
	if (id[0] != PROFILE_3GPP)
		return QMI_ERROR_INVALID_ARGUMENT;
	frame_add_u8(request->answer, 0x01, modem->default_profile);
	return QMI_ERROR_NONE;
}

int profile_set_default_number(struct modem *modem, const struct request *request)
{
	const uint8_t *id = frame_tlv(request->frame, 0x01, 3, NULL);

	if (!id)
		return service_missing(request, 0x01);
	if (id[0] != PROFILE_3GPP || !profile_at(modem, id[2]))
		return QMI_ERROR_INVALID_PROFILE;
	modem->default_profile = id[2];
	return QMI_ERROR_NONE;
}
