/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The state of the model: only what the rules mention. */
#ifndef MODEL_PRIVATE_H
#define MODEL_PRIVATE_H

#include "model.h"
#include "wire.h"

#define LINGERING_MAX   64 /* V6 */
#define SESSIONS        (MODEL_SLOTS + LINGERING_MAX)
#define NOBODY          (-1)
#define THE_MUX         SESSIONS /* as the requester */
#define IN_FRAMES_MAX   1024     /* V14 */
#define OUT_BYTES_MAX   65536    /* V21 */
#define IN_FLIGHT_MAX   1024     /* V5 */
#define LATE_MAX        1024     /* V15 */
#define LATE_WAIT_MS    1000     /* V15 */
#define OWN_PAUSE_MS    200
#define OWN_TRIES       3
#define PARTIAL_WAIT_MS 2000 /* V19 */
#define NO_TIME         UINT64_MAX
#define HASHES          4096

struct frame {
	struct frame *next;
	bool indication;
	size_t size;
	uint8_t bytes[];
};

struct fifo {
	struct frame *first;
	struct frame *last;
	size_t bytes;
	unsigned frames;
};

/* An open session sits at its slot; a closed one with unsent frames, after all slots. */
struct seat {
	bool used;
	struct session *handle;
	unsigned node;
	uint8_t *partial;
	size_t partial_size;
	struct fifo out;
	struct fifo in;
	size_t read; /* bytes of the front frame that were read */
	bool overflowed;
	unsigned in_flight; /* requests to services */
	struct frame *sync; /* V10: the Sync that waits for sync_left releases */
	unsigned sync_left;
	uint64_t turn; /* a count: lowest for the seat that has waited longest */
	bool news;     /* must be reported as changed: V22 */
	bool may_news;
	uint8_t passed[SESSIONS + 1]; /* V14: others' frames sent while it was waiting */
};

struct client {
	bool used;
	bool releasing; /* a session's Release CID is in flight */
	bool call;      /* V9: a data call is up */
	unsigned node;
	uint8_t service;
	uint8_t cid;
	uint8_t device_cid;
	int holder;
	uint64_t last_use; /* a count, for the order */
	uint64_t since;    /* V9: when its holder closed */
};

enum asked {
	ASKED_PLAIN,
	ASKED_ALLOCATE,
	ASKED_RELEASE,
	ASKED_OWN_RELEASE,
	ASKED_OWN_SYNC,
};

enum flight_state {
	FLIGHT_UNUSED,
	FLIGHT_OUT,     /* the modem has it */
	FLIGHT_RECLAIM, /* an Allocate CID that waits for an orphan's release */
	FLIGHT_READY,   /* an Allocate CID that can be sent again */
};

/* A request in flight. */
struct flight {
	enum flight_state state;
	enum asked asked;
	int seat; /* the requester, NOBODY if it has closed, or THE_MUX */
	uint8_t service;
	uint8_t device_cid;
	uint16_t device_tid;
	uint16_t message;
	int client;          /* the client that it concerns, or NOBODY */
	int own;             /* index of the own request, for ASKED_OWN_* */
	struct frame *frame; /* as the application wrote it, or NULL */
	uint64_t deadline;
	uint64_t turn; /* a count: the lowest ready one goes first */
	int next;
	int previous;
};

enum purpose {
	FOR_NOTHING,
	FOR_SYNC,    /* a session's Sync waits for it */
	FOR_RECLAIM, /* an Allocate CID waits for it */
	FOR_START,
};

/* The mux's own request: Release CID, or Sync at the start. */
struct own {
	bool used;
	bool out;
	bool unsure; /* the mux may have forgotten the reason for it */
	enum asked asked;
	enum purpose purpose;
	int waits; /* the seat of the Sync, or the flight of the Allocate CID; or NOBODY */
	uint8_t service;
	uint8_t device_cid;
	unsigned tries;
	uint64_t turn; /* a count: the lowest of equal requests goes first */
	uint64_t not_before;
};

/* What a Release CID on its way to the modem names. */
struct released {
	bool set;
	uint8_t service;
	uint8_t device_cid;
	uint16_t device_tid;
};

/* A request that has ended without its answer, which may still come. */
struct late {
	uint8_t service;
	uint8_t device_cid;
	uint16_t device_tid;
	uint16_t message;
	enum asked asked;
	uint8_t wanted; /* an Allocate CID's service */
	int client;     /* NOBODY for CTL */
	/* When a newer request began to wait for it: not before, and not after. */
	uint64_t awaited_from;
	uint64_t awaited_by;
	bool doubtful; /* beyond the limit if the mux still counts others that may be gone */
};

/* A frame that a session must get by the end of the step. */
struct owed {
	int seat;
	bool local;     /* answered by the mux itself; in any order with the modem's frames */
	unsigned group; /* frames of later groups come later */
	bool from_modem;
	bool given;
	const char *rule;
	struct frame *frame;
};

struct seen {
	enum mux_path path;
	const struct session *handle;
	bool late; /* MUX_DROPPED: it answered an expired request */
	struct frame *frame;
};

struct model {
	struct mux_config config;
	uint64_t now;
	bool unplugged;
	bool stopping;
	bool sync_answered;
	const char *rule;
	const char *kind;
	char complaint[400];
	uint64_t situations[SITUATION_COUNT];
	struct mux_counters counters;
	uint64_t dropped_seen;

	struct seat seats[SESSIONS];
	int seated[SESSIONS]; /* the used seats */
	unsigned seated_count;
	unsigned open_count;

	struct client *clients;
	int clients_size;
	int client_count;
	int orphan_count;
	uint64_t uses;
	uint64_t turns;
	int16_t *by_cid[MUX_NODES_MAX][256]; /* [cid]: client, or NOBODY */
	int16_t *by_device_cid[256];

	struct flight *flights;
	int flights_size;
	int oldest; /* of the flights out */
	int newest;
	int by_tid[256]; /* CTL flights */
	/* Counts, for the order (V4): the bounds of when the tid began to rest. */
	uint64_t rests_from[256];
	uint64_t rests_by[256];
	uint64_t rests;
	unsigned ctl_out;
	/* Number of service requests out or late, by hash; usually 0. */
	uint16_t out_like[HASHES];
	uint16_t late_like[HASHES];
	unsigned waiting; /* flights in state RECLAIM or READY */
	unsigned ready;
	int port; /* the flight at the port */
	int sent; /* the one before */
	struct released port_release;
	struct released sent_release;
	bool port_busy;

	struct own *owns;
	int owns_size;
	unsigned own_count;
	uint64_t own_pause;   /* until then the mux may delay all its own requests */
	struct seat own_turn; /* only its fairness counters */

	struct late late[2 * LATE_MAX];
	unsigned late_count;
	unsigned late_ctl;
	unsigned late_awaited;   /* for sure */
	bool late_tid[256];      /* of CTL */
	bool heard_of[256][256]; /* clients that the mux must release one day */

	uint8_t *input; /* an incomplete frame from the modem */
	size_t input_size;
	uint64_t input_since;

	struct owed *owed;
	unsigned owed_count;
	unsigned owed_size;
	unsigned owed_first; /* the first not given yet */
	unsigned group;      /* of the next local answer */
	unsigned heard;      /* frames from the modem: the group of what they cause */
	bool settling;
	struct seen *seen;
	unsigned seen_count;
	unsigned seen_size;
};

/* model.c */
void broken(struct model *m, const char *rule, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void reached(struct model *m, enum situation situation);
struct frame *frame_of(const uint8_t *bytes, size_t size);
void fifo_push(struct fifo *fifo, struct frame *frame);
struct frame *fifo_pop(struct fifo *fifo);
void fifo_clear(struct fifo *fifo);

/* model_session.c */
int seat_of(const struct model *m, const struct session *handle);
bool seat_is_open(int seat);
void owe(struct model *m, int seat, bool from_modem, const char *rule, const uint8_t *bytes,
	 size_t size);
void owe_error(struct model *m, int seat, const struct frame *asked, uint16_t error,
	       const char *rule);
void pop_out(struct model *m, int seat);
void free_seat(struct model *m, int seat);
/* Compares the frames given to sessions in this step with those owed. */
void match(struct model *m);

/* model_client.c */
int client_by_cid(const struct model *m, unsigned node, uint8_t service, uint8_t cid);
int client_by_device_cid(const struct model *m, uint8_t service, uint8_t cid);
int add_client(struct model *m, unsigned node, uint8_t service, uint8_t device_cid, int holder);
bool node_is_full(const struct model *m, unsigned node, uint8_t service);
void set_holder(struct model *m, int client, int holder);
/* Forgets the client. Before a stop, its requests are answered Aborted. */
void forget_client(struct model *m, int client);
int orphan_to_reclaim(struct model *m, uint8_t service);
int add_own(struct model *m, enum asked asked, enum purpose purpose, int waits, uint8_t service,
	    uint8_t device_cid);
void start_sync_of(struct model *m, int seat);
void reclaim(struct model *m, int client, int flight);
enum own_end {
	OWN_ANSWERED,
	OWN_EXPIRED,
	OWN_NOT_SENT,
};
/* Ends an own request; whatever waited for it continues, or fails too. */
void own_is_over(struct model *m, int own, enum own_end end);

/* The mux has a request of its own again, so its turn comes last. */
void own_waits(struct model *m);

/* model_flight.c */
int add_flight(struct model *m, enum asked asked, int seat);
void flight_out(struct model *m, int flight, uint64_t now);
void flight_not_out(struct model *m, int flight);
void drop_flight(struct model *m, int flight);
int find_flight(const struct model *m, const uint8_t *answer);
unsigned hash_of(uint8_t service, uint8_t device_cid, uint16_t tid);
void remember_late(struct model *m, int flight);
int find_late(const struct model *m, uint8_t service, uint8_t device_cid, uint16_t tid,
	      uint16_t message);
void forget_late(struct model *m, int late);
/* Stops waiting for late answers that have been awaited long enough. */
void give_up_late(struct model *m, uint64_t now);
void expire(struct model *m, uint64_t now);
/* Ends the request with Aborted; its answer may still come late. */
void abort_flight(struct model *m, int flight);

/* model_chance.c */

/* Whether a frame may or must be sent when the port asks. */
enum may {
	NO,
	HELD_UP, /* no, only because of a late answer: V15 */
	MAY,
	MUST,
};

/* Whether each session's next frame may be sent, and the late answer it waits for. */
struct chances {
	enum may may[SESSIONS]; /* in the order of m->seated */
	int late[SESSIONS];
};

/* True if the mux may have forgotten this one by now. */
bool may_be_gone(const struct model *m, const struct late *late);
/* V15: for a frame that waits only for this late answer. */
enum may held_up(const struct model *m, int late);
bool ctl_tid_is_free(const struct model *m);
/* For a session's front frame, after settle(). *late: the answer it waits for, or NOBODY. */
enum may may_send(const struct model *m, int seat, int *late);
enum may may_send_own(const struct model *m, const struct own *own, int *late);
enum may may_send_again(const struct model *m, const struct flight *f, int *late);
enum may may_send_any_own(const struct model *m);
void look(const struct model *m, struct chances *chances);
/* surely: the port gets nothing, so the core has looked at all of them. */
void note_waits(struct model *m, const struct chances *chances, bool surely);

/* model_settle.c */
/* The value of the TLV of Allocate or Release CID; NULL unless it has this size. */
const uint8_t *subject(const struct frame *frame, size_t want);
/* Answers every front frame that the mux answers itself. */
void settle(struct model *m);
/* Does so for the session just served, before the others. */
void settle_served(struct model *m, int seat);

/* model_receive.c */
/* Adds a request to release a client that belongs to no node, and returns it. */
int release_unknown(struct model *m, uint8_t service, uint8_t cid);
void restart(struct model *m);
void release_if_stopping(struct model *m, int client);
void expire_input(struct model *m, uint64_t now);

#endif
