#include "common/media/packet_facts.h"

#include "common/media/nal_units.h"

namespace stereofarm {
namespace {

constexpr int kH264Slice = 1;
constexpr int kH264Idr = 5;
constexpr int kH264Sei = 6;
constexpr int kSeiRecoveryPoint = 6;

constexpr int kHevcRaslN = 8;
constexpr int kHevcRaslR = 9;
constexpr int kHevcFirstIrap = 16;
constexpr int kHevcFirstIdr = 19;
constexpr int kHevcLastIdr = 20;
constexpr int kHevcLastIrap = 23;
constexpr int kHevcLastSlice = 31;
constexpr int kHevcEndOfSequence = 36;
constexpr int kHevcEndOfStream = 37;

// Bits of a NAL unit, emulation prevention bytes taken out on the way.
class BitReader {
 public:
  BitReader(const uint8_t* data, size_t size) : data_(data), size_(size) {}
  int Bit() {
    if (bit_ == 0) {
      if (zeros_ >= 2 && at_ < size_ && data_[at_] == 3) {
        ++at_;
        zeros_ = 0;
      }
      if (at_ >= size_) {
        ended_ = true;
        return 0;
      }
      byte_ = data_[at_++];
      zeros_ = byte_ == 0 ? zeros_ + 1 : 0;
      bit_ = 8;
    }
    return byte_ >> --bit_ & 1;
  }
  int64_t ExpGolomb() {
    int zeros = 0;
    while (!ended_ && zeros < 32 && Bit() == 0) ++zeros;
    int64_t value = 1;
    for (int i = 0; i < zeros; ++i) value = value << 1 | Bit();
    return value - 1;
  }
  bool ended() const { return ended_; }

 private:
  const uint8_t* data_;
  size_t size_;
  size_t at_ = 0;
  int zeros_ = 0;
  int byte_ = 0;
  int bit_ = 0;
  bool ended_ = false;
};

// recovery_frame_cnt of an SEI unit, -1 where it has no recovery point.
int64_t RecoveryFrames(const NalUnits::Unit& unit) {
  size_t at = 1;
  while (at + 2 < unit.size) {
    int type = 0;
    while (at < unit.size && unit.data[at] == 0xff) type += unit.data[at++];
    if (at < unit.size) type += unit.data[at++];
    size_t size = 0;
    while (at < unit.size && unit.data[at] == 0xff) size += unit.data[at++];
    if (at < unit.size) size += unit.data[at++];
    if (type == kSeiRecoveryPoint && at < unit.size) {
      return BitReader(unit.data + at, unit.size - at).ExpGolomb();
    }
    at += size;
  }
  return -1;
}

// Bytes of the length before each NAL unit in the track's packets; 0: start codes.
int NalLengthSize(const AVCodecParameters& codec) {
  if (codec.extradata_size < 7 || codec.extradata[0] != 1) return 0;
  if (codec.codec_id == AV_CODEC_ID_H264) return (codec.extradata[4] & 3) + 1;
  if (codec.codec_id == AV_CODEC_ID_HEVC && codec.extradata_size >= 23) {
    return (codec.extradata[21] & 3) + 1;
  }
  return 0;
}

bool Vp9Visible(const AVPacket& packet) {
  if (packet.size < 1) return false;
  const uint8_t marker = packet.data[packet.size - 1];
  if ((marker & 0xe0) == 0xc0) return true;  // a superframe shows its last frame
  BitReader bits(packet.data, static_cast<size_t>(packet.size));
  bits.Bit();
  bits.Bit();  // frame marker
  const int profile = bits.Bit() | bits.Bit() << 1;
  if (profile == 3) bits.Bit();
  if (bits.Bit() == 1) return true;  // an existing frame is shown
  bits.Bit();                        // frame type
  return bits.Bit() == 1;
}

}  // namespace

PacketInspector::PacketInspector(const AVStream& stream)
    : context_(avcodec_alloc_context3(nullptr)),
      codec_(stream.codecpar->codec_id),
      nal_length_size_(NalLengthSize(*stream.codecpar)) {
  switch (codec_) {
    case AV_CODEC_ID_H264:
    case AV_CODEC_ID_HEVC:
    case AV_CODEC_ID_MPEG1VIDEO:
    case AV_CODEC_ID_MPEG2VIDEO:
    case AV_CODEC_ID_MPEG4:
    case AV_CODEC_ID_VC1:
      break;
    default:
      return;
  }
  if (context_ == nullptr || avcodec_parameters_to_context(context_.get(), stream.codecpar) < 0) {
    return;
  }
  parser_.reset(av_parser_init(codec_));
  if (parser_ != nullptr) parser_->flags |= PARSER_FLAG_COMPLETE_FRAMES;
}

PacketFacts PacketInspector::Inspect(const AVPacket& packet) {
  PacketFacts facts;
  const bool key = (packet.flags & AV_PKT_FLAG_KEY) != 0;
  facts.random_access = key;
  if (parser_ != nullptr && packet.size > 0) {
    uint8_t* out = nullptr;
    int out_size = 0;
    av_parser_parse2(parser_.get(), context_.get(), &out, &out_size, packet.data, packet.size,
                     packet.pts, packet.dts, packet.pos);
    facts.is_b = parser_->pict_type == AV_PICTURE_TYPE_B;
  }
  switch (codec_) {
    case AV_CODEC_ID_H264:
      InspectH264(packet, &facts);
      break;
    case AV_CODEC_ID_HEVC:
      InspectHevc(packet, &facts);
      break;
    case AV_CODEC_ID_MPEG4:
      InspectMpeg4(packet, &facts);
      break;
    case AV_CODEC_ID_MPEG1VIDEO:
    case AV_CODEC_ID_MPEG2VIDEO:
      InspectMpeg12(packet, &facts);
      break;
    case AV_CODEC_ID_VP8:
      facts.visible = packet.size > 0 && (packet.data[0] >> 4 & 1) != 0;
      break;
    case AV_CODEC_ID_VP9:
      facts.visible = Vp9Visible(packet);
      break;
    default:
      break;
  }
  if (packet.size == 0 || (packet.flags & AV_PKT_FLAG_DISCARD) != 0) facts.visible = false;
  return facts;
}

void PacketInspector::InspectH264(const AVPacket& packet, PacketFacts* facts) {
  NalUnits units(packet.data, static_cast<size_t>(packet.size), nal_length_size_);
  NalUnits::Unit unit;
  bool idr = false;
  int64_t recovery = -1;
  int pictures = 0;
  while (units.Next(&unit)) {
    const int type = unit.data[0] & 31;
    if (type == kH264Sei) {
      const int64_t frames = RecoveryFrames(unit);
      if (frames >= 0) recovery = frames;
    } else if (type == kH264Idr || type == kH264Slice) {
      idr = idr || type == kH264Idr;
      // first_mb_in_slice 0 is a single 1 bit.
      if (unit.size > 1 && (unit.data[1] & 0x80) != 0) ++pictures;
    }
  }
  facts->random_access = idr || recovery == 0;
  facts->starts_sequence = idr;
  if (parser_ == nullptr) return;
  facts->has_order = true;
  facts->order = parser_->output_picture_number;
  const int structure = parser_->picture_structure;
  const bool field =
      structure == AV_PICTURE_STRUCTURE_TOP_FIELD || structure == AV_PICTURE_STRUCTURE_BOTTOM_FIELD;
  if (!field || pictures > 1) {
    first_field_open_ = false;
  } else if (first_field_open_ && structure != first_field_structure_ && !idr) {
    facts->second_field = true;
    first_field_open_ = false;
  } else if (first_field_open_ && structure != first_field_structure_ && idr) {
    // Both fields of an IDR picture may be IDR slices: POC 0 and 1.
    facts->second_field = parser_->output_picture_number != 0;
    facts->starts_sequence = !facts->second_field;
    first_field_open_ = !facts->second_field;
    first_field_structure_ = structure;
  } else {
    first_field_open_ = true;
    first_field_structure_ = structure;
  }
}

void PacketInspector::InspectHevc(const AVPacket& packet, PacketFacts* facts) {
  NalUnits units(packet.data, static_cast<size_t>(packet.size), nal_length_size_);
  NalUnits::Unit unit;
  facts->random_access = false;
  while (units.Next(&unit)) {
    const int type = unit.data[0] >> 1 & 63;
    if (type == kHevcEndOfSequence || type == kHevcEndOfStream) hevc_started_ = false;
    if (type > kHevcLastSlice) continue;
    facts->random_access = type >= kHevcFirstIrap && type <= kHevcLastIrap;
    facts->starts_sequence = type >= kHevcFirstIrap && type <= kHevcLastIdr;  // BLA or IDR
    if (facts->random_access) {
      hevc_leading_dropped_ = !hevc_started_ || type < kHevcFirstIdr;
      hevc_started_ = true;
    } else if (type == kHevcRaslN || type == kHevcRaslR) {
      facts->visible = !hevc_leading_dropped_;
    }
    break;
  }
  if (parser_ == nullptr) return;
  facts->has_order = true;
  facts->order = parser_->output_picture_number;
}

void PacketInspector::InspectMpeg4(const AVPacket& packet, PacketFacts* facts) {
  int coded = 0;
  bool uncoded = false;
  const uint8_t* end = packet.data + packet.size;
  for (const uint8_t* p = packet.data; p + 5 < end; ++p) {
    if (p[0] != 0 || p[1] != 0 || p[2] != 1 || p[3] != 0xb6) continue;
    ++coded;
    p += 3;
  }
  // A VOP that says no more than "not coded" is a few bytes long.
  constexpr int kLargestUncodedVop = 8;
  uncoded = coded <= 1 && packet.size <= kLargestUncodedVop;
  if (uncoded && !mpeg4_packed_) facts->visible = false;
  mpeg4_packed_ = coded > 1;
}

void PacketInspector::InspectMpeg12(const AVPacket& packet, PacketFacts* facts) {
  const uint8_t* end = packet.data + packet.size;
  for (const uint8_t* p = packet.data; p + 7 < end; ++p) {
    if (p[0] != 0 || p[1] != 0 || p[2] != 1) continue;
    if (p[3] == 0xb8) mpeg12_closed_ = (p[7] & 0x40) != 0;  // group of pictures
    if (p[3] == 0) break;                                   // picture
  }
  if (parser_ == nullptr || parser_->pict_type == AV_PICTURE_TYPE_NONE) return;
  const int type = parser_->pict_type;
  facts->random_access = facts->random_access && type == AV_PICTURE_TYPE_I;
  // Of the pictures before the first two references only B pictures of a closed group decode.
  if (type == AV_PICTURE_TYPE_B) {
    if (mpeg12_references_ < 2 && !mpeg12_closed_) facts->visible = false;
  } else {
    ++mpeg12_references_;
  }
}

}  // namespace stereofarm
