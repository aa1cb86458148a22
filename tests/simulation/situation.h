/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Situations that a run has met. A rule that no situation has tested is not shown to hold. */
#ifndef SITUATION_H
#define SITUATION_H

#include <stdint.h>

#define SITUATIONS(X)                                                                              \
	X(ANSWERED, "a response came back to its requester")                                       \
	X(INVALID_CID, "a foreign CID was refused (V3)")                                           \
	X(MALFORMED, "an Allocate or Release CID had no TLV (V3)")                                 \
	X(NODE_FULL, "all 254 CIDs of a service were taken, without an orphan (V2)")               \
	X(NODE_FULL_RECLAIM, "a full node reclaimed an orphan first (V2)")                         \
	X(CTL_TIDS_OUT, "all 255 device tids were in flight (V4)")                                 \
	X(EQUAL_TIDS, "a request waited for another session's equal tid (V5)")                     \
	X(SAME_TID_TWICE, "a session used its own tid twice at a time (V5)")                       \
	X(IN_FLIGHT_FULL, "1,024 requests of a session were in flight (V5)")                       \
	X(CLOSED_RESPONSE, "a response found its session closed (V6)")                             \
	X(CLOSED_ALLOCATE, "a client was allocated for a closed session (V6)")                     \
	X(LINGERED, "a closed session's frame was sent (V6)")                                      \
	X(LINGER_LOST, "more than 64 closed sessions had frames left (V6)")                        \
	X(ADOPTED, "an orphan was adopted (V7)")                                                   \
	X(HOLDER_CHANGED, "a client changed hands between open sessions (V8)")                     \
	X(RECLAIMED, "an orphan was reclaimed for an Allocate CID (V9)")                           \
	X(NOTHING_TO_RECLAIM, "the modem's ClientIdsExhausted was passed on (V9)")                 \
	X(CALL_KEPT, "a data call kept an orphan from being reclaimed (V9)")                       \
	X(ORPHAN_EXPIRED, "an orphan expired (V9)")                                                \
	X(SYNC, "a Sync released clients (V10)")                                                   \
	X(SYNC_ORPHAN, "a Sync released an orphan (V10)")                                          \
	X(SYNC_EMPTY, "a Sync had nothing to release (V10)")                                       \
	X(UNICAST, "an indication went to a client's holder (V11)")                                \
	X(ORPHANS_INDICATION, "an orphan's indication was dropped (V11)")                          \
	X(BROADCAST, "a broadcast went to several sessions (V12)")                                 \
	X(BROADCAST_NOBODY, "a broadcast went nowhere (V12)")                                      \
	X(REVOKED, "a held client was revoked (V13)")                                              \
	X(REVOKED_NOBODYS, "a client without a holder was revoked (V13)")                          \
	X(CTL_INDICATION, "a CTL indication went to every session (V13)")                          \
	X(ABORTED, "a request was answered Aborted (V13, V16)")                                    \
	X(OVERFLOW, "an indication was dropped from a full queue (V14)")                           \
	X(OVERFLOW_FRAMES, "a queue was full with 1,024 frames (V14)")                             \
	X(RESPONSE_DROPPED, "a response was dropped from a full queue (V14)")                      \
	X(PART_READ_KEPT, "a partly read frame stayed in a full queue (V14)")                      \
	X(OVERFLOW_READ, "ENOBUFS was read (V14)")                                                 \
	X(EXPIRED, "a request expired (V15)")                                                      \
	X(LATE_ANSWER, "a late answer was dropped (V15)")                                          \
	X(LATE_ALLOCATE, "a client was allocated too late (V15)")                                  \
	X(LATE_WAIT, "a newer request waited for a late answer (V15)")                             \
	X(LATE_TID_WAIT, "a CTL request waited for an expired tid (V15)")                          \
	X(LATE_TID_TAKEN, "an expired CTL tid was used again (V15)")                               \
	X(LATE_FORGOTTEN, "more than 1,024 requests had expired (V15)")                            \
	X(PORT_FAILED, "the port could not send a request (V15)")                                  \
	X(PORT_LOST, "the port had lost a request (V15)")                                          \
	X(EXPIRED_LOST, "the port had lost a Release CID that had expired (V15)")                  \
	X(OWN_FAILED, "the port could not send one of the mux's own requests (V15)")               \
	X(OWN_GIVEN_UP, "such a request was given up after three times (V15)")                     \
	X(RELEASE_REFUSED, "the release of a client was refused (V15)")                            \
	X(RELEASE_EXPIRED, "a release was not answered (V15)")                                     \
	X(RESTARTED, "the modem restarted with an indication (V16)")                               \
	X(PORT_RESET, "the port reported a reset (V16)")                                           \
	X(RESTART_IN_SYNC, "the modem restarted during a Sync (V16)")                              \
	X(RESTART_IN_RECLAIM, "the modem restarted during a reclaim (V16)")                        \
	X(UNPLUGGED, "the modem was unplugged (V17)")                                              \
	X(STOPPED, "the instance stopped with all clients released (V18)")                         \
	X(WRITE_GARBAGE, "a write was refused with EINVAL (V19)")                                  \
	X(WRITE_TOO_LONG, "a write was refused with EMSGSIZE (V19)")                               \
	X(WRITE_IN_PIECES, "a frame was put together from pieces (V19)")                           \
	X(MODEM_GARBAGE, "bytes from the modem were skipped (V19)")                                \
	X(MODEM_PARTIAL_LOST, "the rest of a frame from the modem never came (V19)")               \
	X(READ_IN_PIECES, "a frame was read in pieces (V20)")                                      \
	X(WRITE_FULL, "a write found the outbound queue full (V21)")                               \
	X(WRITABLE_AGAIN, "a full outbound queue had room again (V22)")                            \
	X(DUPLICATE_CID, "the modem allocated a CID twice (V2)")

enum situation {
#define SITUATION_NAME(name, text) SITUATION_##name,
	SITUATIONS(SITUATION_NAME)
#undef SITUATION_NAME
		SITUATION_COUNT
};

extern const char *const situation_texts[SITUATION_COUNT];

#endif
