/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>

#include "saved_private.h"

/* The node as it is saved: the proxy's is KEPT_PROXY, whatever its number is. */
void saved_node(struct saved *saved, unsigned *node)
{
	const struct mux *mux = saved->mux;
	uint8_t byte = *node == mux->config.nodes ? KEPT_PROXY : (uint8_t)*node;

	ARCHIVE(&saved->archive, byte);
	if (byte != KEPT_PROXY && byte >= mux->config.nodes)
		archive_fail(&saved->archive, "damaged: no such node");
	if (byte == KEPT_PROXY && !mux->config.proxy)
		archive_fail(&saved->archive, "damaged: no node of the proxy");
	*node = byte == KEPT_PROXY ? mux->config.nodes : byte;
}

static uint32_t *saved_number_of(const struct saved_kind *kind, void *object)
{
	return (uint32_t *)(void *)((char *)object + kind->number);
}

/* Numbers an object, which is thereby among those that others name. */
void saved_add(struct saved *saved, struct saved_kind *kind, void *object)
{
	void **all;

	if (kind->count == kind->room) {
		kind->room = kind->room ? 2 * kind->room : 64;
		all = realloc(kind->all, kind->room * sizeof(*all));
		if (!all) {
			kind->room = kind->count;
			archive_lack_memory(&saved->archive);
			return;
		}
		kind->all = all;
	}
	*saved_number_of(kind, object) = kind->count;
	kind->all[kind->count++] = object;
}

void *saved_ref(struct saved *saved, const struct saved_kind *kind, void *object)
{
	uint32_t number = object ? *saved_number_of(kind, object) : UINT32_MAX;

	ARCHIVE(&saved->archive, number);
	if (!saved->archive.reading || !archive_is_good(&saved->archive) || number == UINT32_MAX)
		return saved->archive.reading ? NULL : object;
	if (number < kind->count)
		return kind->all[number];
	archive_fail(&saved->archive, "damaged: no such object");
	return NULL;
}

void *saved_owner(struct saved *saved, const struct saved_kind *kind, void *object)
{
	void *owner = saved_ref(saved, kind, object);

	if (!owner)
		archive_fail(&saved->archive, "damaged: an object of nobody's");
	return owner;
}

static uint32_t saved_length(const struct list *list)
{
	uint32_t count = 0;

	list_for_each (link, list)
		count++;
	return count;
}

bool saved_goes_on(struct saved *saved, uint32_t done, uint32_t count)
{
	return done < count && archive_is_good(&saved->archive);
}

void saved_list(struct saved *saved, const struct saved_kind *kind, struct list *list, size_t at)
{
	uint32_t count = saved->archive.reading ? 0 : saved_length(list);
	struct list *link = list->next;

	ARCHIVE(&saved->archive, count);
	for (uint32_t i = 0; saved_goes_on(saved, i, count); i++) {
		char *object = saved->archive.reading ? NULL : (char *)link - at;

		object = saved_owner(saved, kind, object);
		if (!saved->archive.reading) {
			link = link->next;
			continue;
		}
		if (!object)
			return;
		link = (struct list *)(void *)(object + at);
		if (!list_empty(link))
			archive_fail(&saved->archive, "damaged: an object in two lists");
		else
			list_append(list, link);
	}
}

bool saved_is_frame(const uint8_t *data, size_t bytes, enum frame_origin origin)
{
	size_t size;

	return frame_scan(data, bytes, origin, &size) == FRAME_WHOLE && size == bytes;
}
