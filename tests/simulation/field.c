/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "field.h"

#define OF(type, member) offsetof(type, member), sizeof(((type *)NULL)->member)

const struct field operation_fields[] = {
	{"damage", OF(struct operation, damage), 0},
	{"cut", OF(struct operation, cut), 0},
	{"quiet", OF(struct operation, quiet), 0},
	{"later", OF(struct operation, later), 0},
	{"payload", OF(struct operation, how.payload), 0},
	{"shape", OF(struct operation, how.shape), SHAPE_USUAL},
	{"error", OF(struct operation, how.error), 0},
	{"keep", OF(struct operation, how.keep), 0},
	{"wrong-tid", OF(struct operation, how.wrong_tid), 0},
	{"wrong-message", OF(struct operation, how.wrong_message), 0},
	{"wrong-cid", OF(struct operation, how.wrong_cid), 0},
	{"without-tlv", OF(struct operation, how.without_tlv), 0},
	{"odd-client", OF(struct operation, how.odd_client), 0},
	{"extra", OF(struct operation, extra), 0},
	{"amount", OF(struct operation, amount), 0},
	{"slot", OF(struct operation, slot), 0},
	{"node", OF(struct operation, node), 0},
	{"user", OF(struct operation, user), 0},
	{"service", OF(struct operation, service), 1},
	{"cid", OF(struct operation, cid), 1},
	{"tid", OF(struct operation, tid), 1},
	{"message", OF(struct operation, message), 0x0020},
	{NULL, 0, 0, 0},
};

const struct field world_fields[] = {
	{"nodes", OF(struct world_config, nodes), 1},
	{"frame-max", OF(struct world_config, frame_max), 4096},
	{"queue", OF(struct world_config, queue_bytes), 65535},
	{"timeout", OF(struct world_config, transaction_timeout), 5000},
	{"ctl-timeout", OF(struct world_config, ctl_timeout), 5000},
	{"orphans", OF(struct world_config, orphan_timeout), 0},
	{"clients", OF(struct world_config, modem_clients), 254},
	{"first-cid", OF(struct world_config, modem_first_cid), 1},
	{"share-node", OF(struct world_config, share_node), 0},
	{"start-sync", OF(struct world_config, start_sync), 0},
	{"proxy", OF(struct world_config, proxy), 0},
	{"silent-end", OF(struct world_config, silent_end), 0},
	{NULL, 0, 0, 0},
};

uint64_t field_get(const void *object, const struct field *field)
{
	const uint8_t *at = (const uint8_t *)object + field->offset;
	uint64_t u64;
	uint32_t u32;
	uint16_t u16;

	switch (field->size) {
	case 8:
		memcpy(&u64, at, 8);
		return u64;
	case 4:
		memcpy(&u32, at, 4);
		return u32;
	case 2:
		memcpy(&u16, at, 2);
		return u16;
	default:
		return *at;
	}
}

void field_set(void *object, const struct field *field, uint64_t value)
{
	uint8_t *at = (uint8_t *)object + field->offset;
	uint32_t u32 = (uint32_t)value;
	uint16_t u16 = (uint16_t)value;

	switch (field->size) {
	case 8:
		memcpy(at, &value, 8);
		break;
	case 4:
		memcpy(at, &u32, 4);
		break;
	case 2:
		memcpy(at, &u16, 2);
		break;
	default:
		*at = (uint8_t)value;
	}
}

char *field_parse(void *object, const struct field *fields, char *text)
{
	while (*text == ':') {
		size_t size = strcspn(++text, "=");
		const struct field *field = fields;
		char *end;
		uint64_t value;

		while (field->name &&
		       (strlen(field->name) != size || strncmp(field->name, text, size) != 0))
			field++;
		if (!field->name || !text[size])
			return NULL;
		value = strtoull(text + size + 1, &end, 10);
		if (end == text + size + 1)
			return NULL;
		field_set(object, field, value);
		text = end;
	}
	return text;
}

void field_print(const void *before, const void *after, const struct field *fields)
{
	for (; fields->name; fields++)
		if (field_get(before, fields) != field_get(after, fields))
			printf(":%s=%" PRIu64, fields->name, field_get(after, fields));
}
