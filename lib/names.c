/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "names.h"

#include <stddef.h>
#include <stdlib.h>

struct error_name {
	uint16_t error;
	const char *name;
};

static const char *const services[UINT8_MAX + 1] = {
	[0x00] = "CTL",      [0x01] = "WDS",   [0x02] = "DMS",    [0x03] = "NAS",
	[0x04] = "QOS",      [0x05] = "WMS",   [0x06] = "PDS",    [0x07] = "AUTH",
	[0x08] = "AT",       [0x09] = "VOICE", [0x0A] = "CAT2",   [0x0B] = "UIM",
	[0x0C] = "PBM",      [0x0D] = "QCHAT", [0x0E] = "RMTFS",  [0x0F] = "TEST",
	[0x10] = "LOC",      [0x11] = "SAR",   [0x12] = "IMS",    [0x13] = "ADC",
	[0x14] = "CSD",      [0x15] = "MFS",   [0x16] = "TIME",   [0x17] = "TS",
	[0x18] = "TMD",      [0x19] = "SAP",   [0x1A] = "WDA",    [0x1B] = "TSYNC",
	[0x1C] = "RFSA",     [0x1D] = "CSVT",  [0x1E] = "QCMAP",  [0x1F] = "IMSP",
	[0x20] = "IMSVT",    [0x21] = "IMSA",  [0x22] = "COEX",   [0x24] = "PDC",
	[0x26] = "STX",      [0x27] = "BIT",   [0x28] = "IMSRTP", [0x29] = "RFRPE",
	[0x2A] = "DSD",      [0x2B] = "SSCTL", [0x2F] = "DPM",    [0x32] = "UIM_RMT",
	[0x47] = "UIM_HTTP", [0xE0] = "CAT",   [0xE1] = "RMS",    [0xE2] = "OMA",
	[0xE3] = "FOX",      [0xE6] = "FOTA",  [0xE7] = "GMS",    [0xE8] = "GAS",
	[0xED] = "ATR",
};

/* Sorted by number. */
static const struct error_name errors[] = {
	{0, "None"},
	{1, "MalformedMessage"},
	{2, "NoMemory"},
	{3, "Internal"},
	{4, "Aborted"},
	{5, "ClientIdsExhausted"},
	{6, "UnabortableTransaction"},
	{7, "InvalidClientId"},
	{8, "NoThresholdsProvided"},
	{9, "InvalidHandle"},
	{10, "InvalidProfile"},
	{11, "InvalidPinId"},
	{12, "IncorrectPin"},
	{13, "NoNetworkFound"},
	{14, "CallFailed"},
	{15, "OutOfCall"},
	{16, "NotProvisioned"},
	{17, "MissingArgument"},
	{19, "ArgumentTooLong"},
	{22, "InvalidTransactionId"},
	{23, "DeviceInUse"},
	{24, "NetworkUnsupported"},
	{25, "DeviceUnsupported"},
	{26, "NoEffect"},
	{27, "NoFreeProfile"},
	{28, "InvalidPdpType"},
	{29, "InvalidTechnologyPreference"},
	{30, "InvalidProfileType"},
	{31, "InvalidServiceType"},
	{32, "InvalidRegisterAction"},
	{33, "InvalidPsAttachAction"},
	{34, "AuthenticationFailed"},
	{35, "PinBlocked"},
	{36, "PinAlwaysBlocked"},
	{37, "UimUninitialized"},
	{38, "MaximumQosRequestsInUse"},
	{39, "IncorrectFlowFilter"},
	{40, "NetworkQosUnaware"},
	{41, "InvalidQosId"},
	{42, "RequestedNumberUnsupported"},
	{43, "InterfaceNotFound"},
	{44, "FlowSuspended"},
	{45, "InvalidDataFormat"},
	{46, "GeneralError"},
	{47, "UnknownError"},
	{48, "InvalidArgument"},
	{49, "InvalidIndex"},
	{50, "NoEntry"},
	{51, "DeviceStorageFull"},
	{52, "DeviceNotReady"},
	{53, "NetworkNotReady"},
	{54, "WmsCauseCode"},
	{55, "WmsMessageNotSent"},
	{56, "WmsMessageDeliveryFailure"},
	{57, "WmsInvalidMessageId"},
	{58, "WmsEncoding"},
	{59, "AuthenticationLock"},
	{60, "InvalidTransition"},
	{61, "NotMcastInterface"},
	{62, "MaximumMcastRequestsInUse"},
	{63, "InvalidMcastHandle"},
	{64, "InvalidIpFamilyPreference"},
	{65, "SessionInactive"},
	{66, "SessionInvalid"},
	{67, "SessionOwnership"},
	{68, "InsufficientResources"},
	{69, "Disabled"},
	{70, "InvalidOperation"},
	{71, "InvalidQmiCommand"},
	{72, "WmsTPduType"},
	{73, "WmsSmscAddress"},
	{74, "InformationUnavailable"},
	{75, "SegmentTooLong"},
	{76, "SegmentOrder"},
	{77, "BundlingNotSupported"},
	{78, "OperationPartialFailure"},
	{79, "PolicyMismatch"},
	{80, "SimFileNotFound"},
	{81, "ExtendedInternal"},
	{82, "AccessDenied"},
	{83, "HardwareRestricted"},
	{84, "AckNotSent"},
	{85, "InjectTimeout"},
	{90, "IncompatibleState"},
	{91, "FdnRestrict"},
	{92, "SupsFailureCase"},
	{93, "NoRadio"},
	{94, "NotSupported"},
	{95, "NoSubscription"},
	{96, "CardCallControlFailed"},
	{97, "NetworkAborted"},
	{98, "MsgBlocked"},
	{100, "InvalidSessionType"},
	{101, "InvalidPbType"},
	{102, "NoSim"},
	{103, "PbNotReady"},
	{104, "PinRestriction"},
	{105, "Pin2Restriction"},
	{106, "PukRestriction"},
	{107, "Puk2Restriction"},
	{108, "PbAccessRestricted"},
	{109, "PbDeleteInProgress"},
	{110, "PbTextTooLong"},
	{111, "PbNumberTooLong"},
	{112, "PbHiddenKeyRestriction"},
	{113, "PbNotAvailable"},
	{114, "DeviceMemoryError"},
	{115, "NoPermission"},
	{116, "TooSoon"},
	{117, "TimeNotAcquired"},
	{118, "OperationInProgress"},
	{388, "FwWriteFailed"},
	{389, "FwInfoReadFailed"},
	{390, "FwFileNotFound"},
	{391, "FwDirNotFound"},
	{392, "FwAlreadyActivated"},
	{393, "FwCannotGenericImage"},
	{400, "FwFileOpenFailed"},
	{401, "FwUpdateDiscontinuousFrame"},
	{402, "FwUpdateFailed"},
	{61441, "CatEventRegistrationFailed"},
	{61442, "CatInvalidTerminalResponse"},
	{61443, "CatInvalidEnvelopeCommand"},
	{61444, "CatEnvelopeCommandBusy"},
	{61445, "CatEnvelopeCommandFailed"},
};

static int compare_error(const void *key, const void *row)
{
	const uint16_t *error = key;
	const struct error_name *name = row;

	return *error - name->error;
}

const char *qmi_service_name(uint8_t service)
{
	return services[service];
}

const char *qmi_error_name(uint16_t error)
{
	const struct error_name *found = bsearch(&error, errors, sizeof(errors) / sizeof(errors[0]),
						 sizeof(errors[0]), compare_error);

	return found ? found->name : NULL;
}
