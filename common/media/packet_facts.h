#ifndef STEREOFARM_COMMON_MEDIA_PACKET_FACTS_H_
#define STEREOFARM_COMMON_MEDIA_PACKET_FACTS_H_

#include <cstdint>

#include "common/media/ffmpeg.h"

namespace stereofarm {

// What the headers inside a packet say that its container may not.
struct PacketFacts {
  // Gives a picture of the film: not a VP9 alternate reference, not a frame that an edit list
  // skips, not an MPEG-4 "nothing changed" mark.
  bool visible = true;
  // Completes the frame of the packet before it (field pictures in packets of their own).
  bool second_field = false;
  // Decoding may begin here, and all frames shown after this one come out right.
  bool random_access = false;
  // Nothing after it, in decode or presentation order, refers to or is shown before what was
  // before.
  bool starts_sequence = false;
  bool is_b = false;
  bool has_order = false;
  int64_t order = 0;  // presentation order within the sequence
};

// Reads the packets of one picture track in decode order.
class PacketInspector {
 public:
  explicit PacketInspector(const AVStream& stream);
  PacketFacts Inspect(const AVPacket& packet);

 private:
  void InspectH264(const AVPacket& packet, PacketFacts* facts);
  void InspectHevc(const AVPacket& packet, PacketFacts* facts);
  void InspectMpeg4(const AVPacket& packet, PacketFacts* facts);
  void InspectMpeg12(const AVPacket& packet, PacketFacts* facts);

  CodecContextPtr context_;
  ParserPtr parser_;
  AVCodecID codec_;
  int nal_length_size_ = 0;  // 0: start codes
  bool first_field_open_ = false;
  int first_field_structure_ = 0;
  bool mpeg4_packed_ = false;  // the packet before held a second frame
  bool hevc_started_ = false;
  bool hevc_leading_dropped_ = false;  // leading pictures of the last key picture don't decode
  int mpeg12_references_ = 0;
  bool mpeg12_closed_ = false;  // closed_gop of the last group
};

}  // namespace stereofarm

#endif  // STEREOFARM_COMMON_MEDIA_PACKET_FACTS_H_
