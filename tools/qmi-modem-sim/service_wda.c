/* SPDX-License-Identifier: GPL-2.0-or-later */
/* WDA: the format of the data beside the port, which one application sets and another reads. */
#include "errors.h"
#include "frame.h"
#include "modem.h"
#include "tlv.h"

#define LINK_LAYER_MAX  2 /* 1: 802.3, 2: raw IP */
#define AGGREGATION_MAX 9

static void add_format(const struct data_format *format, uint8_t *answer)
{
	frame_add_u8(answer, 0x10, 0); /* no QoS header */
	frame_add_u32(answer, 0x11, format->link_layer);
	frame_add_u32(answer, 0x12, format->uplink_aggregation);
	frame_add_u32(answer, 0x13, format->downlink_aggregation);
	frame_add_u32(answer, 0x14, 0); /* NDP signature */
	frame_add_u32(answer, 0x15, format->downlink_datagrams);
	frame_add_u32(answer, 0x16, format->downlink_size);
	frame_add_u32(answer, 0x17, 0); /* uplink: datagrams */
	frame_add_u32(answer, 0x18, 0); /* and size */
}

static int take_number(const struct request *request, uint8_t type, uint32_t max, uint32_t *number)
{
	const uint8_t *value = frame_tlv(request->frame, type, 4, NULL);

	if (!value)
		return QMI_ERROR_NONE;
	if (le32_get(value) > max)
		return QMI_ERROR_INVALID_ARGUMENT;
	*number = le32_get(value);
	return QMI_ERROR_NONE;
}

static int set_data_format(struct modem *modem, const struct request *request)
{
	struct data_format format = modem->format;

	if (take_number(request, 0x11, LINK_LAYER_MAX, &format.link_layer) ||
	    take_number(request, 0x12, AGGREGATION_MAX, &format.uplink_aggregation) ||
	    take_number(request, 0x13, AGGREGATION_MAX, &format.downlink_aggregation) ||
	    take_number(request, 0x15, UINT32_MAX, &format.downlink_datagrams) ||
	    take_number(request, 0x16, UINT32_MAX, &format.downlink_size))
		return QMI_ERROR_INVALID_ARGUMENT;
	modem->format = format;
	add_format(&format, request->answer);
	return QMI_ERROR_NONE;
}

static int get_data_format(struct modem *modem, const struct request *request)
{
	add_format(&modem->format, request->answer);
	return QMI_ERROR_NONE;
}

static const struct message messages[] = {
	{0x001E, service_list_messages},
	{0x0020, set_data_format},
	{0x0021, get_data_format},
};

const struct service service_wda = {
	QMI_SERVICE_WDA, "wda", 1, 16, messages, COUNT(messages),
};
