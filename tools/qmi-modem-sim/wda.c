/* SPDX-License-Identifier: GPL-2.0-or-later */
/* WDA: the format of the network data, which one application sets and another reads. */
#include "frame.h"
#include "services.h"
#include "tlv.h"

#define LINK_LAYER_MAX  2 /* 1: 802.3, 2: raw IP */
#define AGGREGATION_MAX 9

static void wda_add_format(const struct modem *modem, uint8_t *answer)
{
	const struct data_format *format = &modem->format;

	tlv_add(answer, 0x10, "b", 0); /* no QoS header */
	tlv_add(answer, 0x11, "w", format->link_layer);
	tlv_add(answer, 0x12, "w", format->uplink_aggregation);
	tlv_add(answer, 0x13, "w", format->downlink_aggregation);
	tlv_add(answer, 0x14, "w", 0); /* NDP signature */
	tlv_add(answer, 0x15, "w", format->downlink_datagrams);
	tlv_add(answer, 0x16, "w", format->downlink_size);
	tlv_add(answer, 0x17, "w", 0); /* uplink datagrams */
	tlv_add(answer, 0x18, "w", 0); /* and size */
}

/* Leaves the value unchanged without the TLV. Returns false if it is more than max. */
static bool wda_take_number(const struct request *request, uint8_t type, uint32_t max,
			    uint32_t *number)
{
	const uint8_t *value = frame_tlv(request->frame, type, 4, NULL);

	if (value)
		*number = tlv_get_u32(value);
	return !value || *number <= max;
}

static int wda_set_format(const struct request *request)
{
	struct data_format format = request->modem->format;

	if (!wda_take_number(request, 0x11, LINK_LAYER_MAX, &format.link_layer) ||
	    !wda_take_number(request, 0x12, AGGREGATION_MAX, &format.uplink_aggregation) ||
	    !wda_take_number(request, 0x13, AGGREGATION_MAX, &format.downlink_aggregation) ||
	    !wda_take_number(request, 0x15, UINT32_MAX, &format.downlink_datagrams) ||
	    !wda_take_number(request, 0x16, UINT32_MAX, &format.downlink_size))
		return QMI_ERROR_INVALID_ARGUMENT;
	request->modem->format = format;
	wda_add_format(request->modem, request->answer);
	return QMI_ERROR_NONE;
}

static const struct message wda_messages[] = {
	{.id = 0x001E, .handle = service_list_messages},
	{.id = 0x0020, .handle = wda_set_format},
	{.id = 0x0021, .add = wda_add_format},
};

const struct service wda_service = {
	INDEX_WDA, QMI_SERVICE_WDA, "wda", 1, 16, wda_messages, COUNT(wda_messages), NULL,
};
