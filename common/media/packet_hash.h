#ifndef STEREOFARM_COMMON_MEDIA_PACKET_HASH_H_
#define STEREOFARM_COMMON_MEDIA_PACKET_HASH_H_

#include <cstdint>

#include "common/media/ffmpeg.h"

namespace stereofarm {

// IndexedPacket::hash of a packet.
uint64_t PacketHash(const AVPacket& packet);

}  // namespace stereofarm

#endif  // STEREOFARM_COMMON_MEDIA_PACKET_HASH_H_
