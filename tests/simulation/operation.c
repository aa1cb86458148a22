/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "operation.h"

struct line {
	char *text;
	size_t size;
	size_t used;
};

static void add(struct line *line, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void add(struct line *line, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(line->text + line->used, line->size - line->used, format, args);
	va_end(args);
	line->used += (size_t)n;
	if (line->used >= line->size)
		line->used = line->size - 1;
}

static void print_answer(struct line *line, const struct operation *op)
{
	const struct modem_answer *how = &op->how;

	add(line, "modem answers its request %u", op->amount);
	if (how->error)
		add(line, " with error %u", how->error);
	if (how->payload)
		add(line, ", %u extra bytes", how->payload);
	if (how->shape)
		add(line, ", in shape %d", how->shape);
	add(line, "%s%s%s%s%s%s", how->keep ? ", and will again" : "",
	    how->wrong_tid ? ", wrong tid" : "", how->wrong_message ? ", wrong message" : "",
	    how->wrong_cid ? ", wrong CID" : "", how->without_tlv ? ", without its TLV" : "",
	    how->odd_client ? ", with an odd CID" : "");
}

static void print_session(struct line *line, const struct operation *op)
{
	add(line, "session %u ", op->slot);
	switch (op->kind) {
	case OP_OPEN:
		add(line, "opens node %u as user %u", op->node, op->user);
		break;
	case OP_CLOSE:
		add(line, "closes");
		break;
	case OP_REQUEST:
		add(line, "writes service %u, CID %u, tid %u, message 0x%04x, %u bytes of payload",
		    op->service, op->cid, op->tid, op->message, op->amount);
		break;
	case OP_ALLOCATE:
		add(line, "writes Allocate CID for service %u, tid %u", op->service,
		    op->tid & 0xFF);
		break;
	case OP_RELEASE:
		add(line, "writes Release CID for service %u, CID %u, tid %u", op->service, op->cid,
		    op->tid & 0xFF);
		break;
	case OP_SYNC:
		add(line, "writes Sync, tid %u", op->tid & 0xFF);
		break;
	case OP_CTL:
		add(line, "writes CTL message 0x%04x, CID %u, tid %u, %u bytes of payload",
		    op->message, op->cid, op->tid & 0xFF, op->amount);
		break;
	case OP_MALFORMED:
		add(line, "writes CTL message 0x%04x, tid %u, with a TLV of %u bytes", op->message,
		    op->tid & 0xFF, op->amount);
		break;
	case OP_RAW:
		add(line, "writes %u odd bytes (%u)", op->amount, op->extra);
		break;
	case OP_FLOOD:
		add(line,
		    "writes %u requests of %u bytes at once: service %u, CID %u, message 0x%04x, "
		    "tids from %u",
		    op->amount, op->extra ? 16 : 13, op->service, op->cid, op->message, op->tid);
		break;
	case OP_READ:
		add(line, "reads at most %u bytes", op->amount);
		break;
	case OP_READ_ALL:
		add(line, "reads everything");
		break;
	default:
		add(line, "gets %u clients of service %u", op->amount, op->service);
	}
}

static void print_modem(struct line *line, const struct operation *op)
{
	switch (op->kind) {
	case OP_ANSWER:
		print_answer(line, op);
		break;
	case OP_IGNORE:
		add(line, "modem ignores its request %u%s", op->amount,
		    op->extra ? " but performs it" : "");
		break;
	case OP_INDICATE:
		add(line, "modem indicates: service %u, CID %u, %u bytes of payload", op->service,
		    op->cid, op->amount);
		break;
	case OP_REVOKE:
		add(line, "modem indicates 0x%04x: service %u, CID %u", op->message, op->service,
		    op->cid);
		break;
	case OP_RESTART:
		add(line, op->extra ? "modem indicates Sync, and has forgotten nothing"
				    : "modem restarts, with a Sync indication");
		break;
	case OP_CTL_INDICATE:
		add(line, "modem indicates CTL 0x%04x", op->message);
		break;
	default:
		add(line, "modem sends %u odd bytes (%u)", op->amount, op->extra);
	}
}

static void print_rest(struct line *line, const struct operation *op)
{
	static const char *const texts[OP_KINDS] = {
		[OP_NEXT] = "the port asks for a frame",
		[OP_SENT] = "the port has sent it",
		[OP_FAILED] = "the port could not send it",
		[OP_LOST] = "the port had lost its last frame",
		[OP_RESET] = "the port reports a reset",
		[OP_STOP] = "the instance stops",
		[OP_UNPLUG] = "the modem is unplugged",
		[OP_SAVE] = "the daemon is restarted",
		[OP_CRASH] = "the daemon crashes",
	};

	if (op->kind == OP_WAIT)
		add(line, "%u ms pass", op->amount);
	else if (op->kind == OP_JUMP)
		add(line, "time jumps by %u ms", op->amount);
	else if (op->kind == OP_PRESS)
		add(line, "the port sends all it may, for %u s", op->amount);
	else if (op->kind == OP_EXCHANGE)
		add(line, "the port sends %u frames", op->amount);
	else
		add(line, "%s", texts[op->kind]);
}

void operation_print(const struct operation *op, char *text, size_t size)
{
	struct line line = {text, size, 0};

	text[0] = '\0';
	if (op->kind <= OP_READ_ALL || op->kind == OP_CLIENTS)
		print_session(&line, op);
	else if (op->kind >= OP_ANSWER && op->kind <= OP_NOISE)
		print_modem(&line, op);
	else
		print_rest(&line, op);
	if (op->damage)
		add(&line, ", damaged (%u)", op->damage);
	if (op->cut)
		add(&line, ", all but the last %u bytes", op->cut);
	if (op->later)
		add(&line, ", and turns are left for later");
}
