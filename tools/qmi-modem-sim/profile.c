/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "profile.h"

#include <string.h>

#include "frame.h"
#include "modem_state.h"
#include "tlv.h"

static const struct profile_tlvs profile_tlvs = {
	.name = 0x10, .pdp_type = 0x11, .apn = 0x14, .user = 0x1B, .password = 0x1C, .auth = 0x1D};

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

/* Returns false if the value is too long. */
static bool profile_take_text(const struct request *request, uint8_t type, char *text, size_t size)
{
	uint16_t len;
	const uint8_t *value = type ? frame_tlv(request->frame, type, 0, &len) : NULL;

	if (!value)
		return true;
	if (len >= size)
		return false;
	memcpy(text, value, len);
	text[len] = '\0';
	return true;
}

static void profile_take_number(const struct request *request, uint8_t type, uint8_t *number)
{
	const uint8_t *value = type ? frame_tlv(request->frame, type, 1, NULL) : NULL;

	if (value)
		*number = *value;
}

int profile_take(const struct request *request, const struct profile_tlvs *tlvs,
		 struct profile *profile)
{
	struct profile changed = *profile;

	if (!profile_take_text(request, tlvs->name, changed.name, sizeof(changed.name)) ||
	    !profile_take_text(request, tlvs->apn, changed.apn, sizeof(changed.apn)) ||
	    !profile_take_text(request, tlvs->user, changed.user, sizeof(changed.user)) ||
	    !profile_take_text(request, tlvs->password, changed.password, sizeof(changed.password)))
		return QMI_ERROR_ARGUMENT_TOO_LONG;
	profile_take_number(request, tlvs->pdp_type, &changed.pdp_type);
	profile_take_number(request, tlvs->auth, &changed.auth);
	*profile = changed;
	return QMI_ERROR_NONE;
}

/* Returns the profile that the mandatory TLV gives by type and index, or NULL. */
static struct profile *profile_named(const struct request *request)
{
	if (request->value[0] != PROFILE_3GPP)
		return NULL;
	return profile_at(request->modem, request->value[1]);
}

int profile_create(const struct request *request)
{
	struct profile *profiles = request->modem->profiles;
	struct profile profile = {.used = true};
	unsigned int i = 0;
	int error;

	if (*request->value != PROFILE_3GPP)
		return QMI_ERROR_INVALID_ARGUMENT;
	while (i < PROFILES_MAX && profiles[i].used)
		i++;
	if (i == PROFILES_MAX)
		return QMI_ERROR_NO_FREE_PROFILE;
	error = profile_take(request, &profile_tlvs, &profile);
	if (error)
		return error;
	profiles[i] = profile;
	tlv_add(request->answer, 0x01, "bb", PROFILE_3GPP, i + 1);
	return QMI_ERROR_NONE;
}

int profile_modify(const struct request *request)
{
	struct profile *profile = profile_named(request);

	return profile ? profile_take(request, &profile_tlvs, profile) : QMI_ERROR_INVALID_PROFILE;
}

int profile_delete(const struct request *request)
{
	struct profile *profile = profile_named(request);

	if (!profile)
		return QMI_ERROR_INVALID_PROFILE;
	profile->used = false;
	return QMI_ERROR_NONE;
}

int profile_list(const struct request *request)
{
	const uint8_t *type = frame_tlv(request->frame, 0x10, 1, NULL);
	struct tlv profiles = {0}, all = {0};
	unsigned int count = 0;

	for (unsigned int i = 1; i <= PROFILES_MAX; i++) {
		const struct profile *profile = profile_at(request->modem, i);

		if (!profile || (type && *type != PROFILE_3GPP))
			continue;
		count++;
		tlv_put(&profiles, "bbs", PROFILE_3GPP, i, profile->name);
	}
	tlv_put(&all, "b", count);
	tlv_put_bytes(&all, profiles.value, profiles.len);
	tlv_end(&all, request->answer, 0x01);
	return QMI_ERROR_NONE;
}

static void profile_add_settings(uint8_t *answer, const struct profile *profile)
{
	tlv_add(answer, 0x10, "t", profile->name);
	tlv_add(answer, 0x11, "b", profile->pdp_type);
	tlv_add(answer, 0x12, "b", 0); /* no header compression */
	tlv_add(answer, 0x13, "b", 0); /* no data compression */
	tlv_add(answer, 0x14, "t", profile->apn);
	tlv_add(answer, 0x1B, "t", profile->user);
	tlv_add(answer, 0x1C, "t", profile->password);
	tlv_add(answer, 0x1D, "b", profile->auth);
	tlv_add(answer, 0x2F, "b", 0); /* the APN is not disabled */
	tlv_add(answer, 0x3E, "b", 0); /* nor is roaming disallowed */
}

int profile_settings(const struct request *request)
{
	const struct profile *profile = profile_named(request);

	if (!profile)
		return QMI_ERROR_INVALID_PROFILE;
	profile_add_settings(request->answer, profile);
	tlv_add(request->answer, 0x25, "b", request->value[1]);
	return QMI_ERROR_NONE;
}

int profile_default_settings(const struct request *request)
{
	static const struct profile settings = {.pdp_type = 3};

	if (*request->value != PROFILE_3GPP)
		return QMI_ERROR_INVALID_ARGUMENT;
	profile_add_settings(request->answer, &settings);
	return QMI_ERROR_NONE;
}

int profile_default_number(const struct request *request)
{
	if (*request->value != PROFILE_3GPP)
		return QMI_ERROR_INVALID_ARGUMENT;
	tlv_add(request->answer, 0x01, "b", request->modem->default_profile);
	return QMI_ERROR_NONE;
}

int profile_set_default_number(const struct request *request)
{
	const uint8_t *id = request->value;

	if (id[0] != PROFILE_3GPP || !profile_at(request->modem, id[2]))
		return QMI_ERROR_INVALID_PROFILE;
	request->modem->default_profile = id[2];
	return QMI_ERROR_NONE;
}
