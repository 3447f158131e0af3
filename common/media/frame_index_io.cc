#include "common/media/frame_index_io.h"

#include <cstdint>

#include "absl/strings/str_format.h"
#include "common/base/hash.h"

namespace stereofarm {
namespace {

constexpr std::string_view kMagic = "SFINDEX\n";
constexpr int64_t kVersion = 1;
constexpr size_t kHashDigits = 64;

class Writer {
 public:
  // Zigzag, seven bits a byte, lowest first.
  void Number(int64_t value) {
    uint64_t bits = static_cast<uint64_t>(value) << 1 ^ static_cast<uint64_t>(value >> 63);
    while (bits >= 128) {
      bytes_.push_back(static_cast<char>(bits | 128));
      bits >>= 7;
    }
    bytes_.push_back(static_cast<char>(bits));
  }
  void Fixed(uint64_t value) {
    for (int i = 0; i < 8; ++i) bytes_.push_back(static_cast<char>(value >> (8 * i)));
  }
  void Text(const std::string& text) {
    Number(static_cast<int64_t>(text.size()));
    bytes_ += text;
  }
  void Ratio(const Rational& ratio) {
    Number(ratio.num);
    Number(ratio.den);
  }
  std::string& bytes() { return bytes_; }

 private:
  std::string bytes_;
};

class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}
  int64_t Number() {
    uint64_t bits = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      if (bytes_.empty()) break;
      const auto byte = static_cast<uint8_t>(bytes_.front());
      bytes_.remove_prefix(1);
      bits |= static_cast<uint64_t>(byte & 127) << shift;
      if (byte < 128) {
        return static_cast<int64_t>(bits >> 1) ^ -static_cast<int64_t>(bits & 1);
      }
    }
    failed_ = true;
    return 0;
  }
  uint64_t Fixed() {
    if (bytes_.size() < 8) {
      failed_ = true;
      return 0;
    }
    uint64_t value = 0;
    for (size_t i = 0; i < 8; ++i) value |= uint64_t{static_cast<uint8_t>(bytes_[i])} << (8 * i);
    bytes_.remove_prefix(8);
    return value;
  }
  std::string Text() {
    const int64_t size = Number();
    if (failed_ || size < 0 || static_cast<uint64_t>(size) > bytes_.size()) {
      failed_ = true;
      return "";
    }
    std::string text(bytes_.substr(0, static_cast<size_t>(size)));
    bytes_.remove_prefix(static_cast<size_t>(size));
    return text;
  }
  Rational Ratio() {
    Rational ratio;
    ratio.num = Number();
    ratio.den = Number();
    return ratio;
  }
  // A count of things of at least one byte each.
  size_t Count() {
    const int64_t count = Number();
    if (count < 0 || static_cast<uint64_t>(count) > bytes_.size()) {
      failed_ = true;
      return 0;
    }
    return static_cast<size_t>(count);
  }
  bool failed() const { return failed_; }
  bool done() const { return !failed_ && bytes_.empty(); }

 private:
  std::string_view bytes_;
  bool failed_ = false;
};

// Differences wrap: kNoTimestamp is as far away as a number can be.
int64_t Difference(int64_t a, int64_t b) {
  return static_cast<int64_t>(static_cast<uint64_t>(a) - static_cast<uint64_t>(b));
}
int64_t Sum(int64_t a, int64_t b) {
  return static_cast<int64_t>(static_cast<uint64_t>(a) + static_cast<uint64_t>(b));
}

void WriteVideo(const VideoInfo& video, Writer* out) {
  out->Number(video.stream_index);
  out->Text(video.codec);
  out->Number(video.width);
  out->Number(video.height);
  out->Ratio(video.sample_aspect_ratio);
  out->Number(video.rotation);
  out->Number(video.mirrored);
  out->Text(video.pixel_format);
  out->Number(video.bits_per_sample);
  out->Number(video.interlaced);
  out->Text(video.field_order);
  out->Ratio(video.average_frame_rate);
  out->Ratio(video.time_base);
  out->Text(video.color.primaries);
  out->Text(video.color.transfer);
  out->Text(video.color.matrix);
  out->Text(video.color.range);
  out->Text(video.color.chroma_location);
  out->Number(video.color.has_mastering_display);
  out->Number(video.color.has_content_light_level);
}

VideoInfo ReadVideo(Reader* in) {
  VideoInfo video;
  video.stream_index = static_cast<int>(in->Number());
  video.codec = in->Text();
  video.width = static_cast<int>(in->Number());
  video.height = static_cast<int>(in->Number());
  video.sample_aspect_ratio = in->Ratio();
  video.rotation = static_cast<int>(in->Number());
  video.mirrored = in->Number() != 0;
  video.pixel_format = in->Text();
  video.bits_per_sample = static_cast<int>(in->Number());
  video.interlaced = in->Number() != 0;
  video.field_order = in->Text();
  video.average_frame_rate = in->Ratio();
  video.time_base = in->Ratio();
  video.color.primaries = in->Text();
  video.color.transfer = in->Text();
  video.color.matrix = in->Text();
  video.color.range = in->Text();
  video.color.chroma_location = in->Text();
  video.color.has_mastering_display = in->Number() != 0;
  video.color.has_content_light_level = in->Number() != 0;
  return video;
}

}  // namespace

std::string SerializeFrameIndex(const FrameIndex& index) {
  Writer out;
  out.bytes() = std::string(kMagic);
  out.Number(kVersion);
  WriteVideo(index.video, &out);
  out.Ratio(index.time_base);
  out.Number(index.file_size);
  out.Text(index.source_identity);
  out.Number(static_cast<int64_t>(index.frames.size()));
  IndexedFrame last_frame;
  for (const IndexedFrame& frame : index.frames) {
    out.Number(Difference(frame.pts, last_frame.pts));
    out.Number(Difference(frame.duration, last_frame.duration));
    out.Number(Difference(frame.decode_from_packet, last_frame.decode_from_packet));
    out.Number(Difference(frame.packet, last_frame.packet));
    last_frame = frame;
  }
  out.Number(static_cast<int64_t>(index.packets.size()));
  IndexedPacket last;
  for (const IndexedPacket& packet : index.packets) {
    out.Number(Difference(packet.dts, last.dts));
    out.Number(Difference(packet.pts, last.pts));
    out.Number(Difference(packet.position, last.position));
    out.Number(packet.size);
    out.Number(packet.key);
    out.Fixed(packet.hash);
    last = packet;
  }
  return out.bytes() + Sha256Hex(out.bytes());
}

absl::StatusOr<FrameIndex> ParseFrameIndex(std::string_view bytes) {
  if (bytes.size() < kMagic.size() + kHashDigits || bytes.substr(0, kMagic.size()) != kMagic) {
    return absl::DataLossError("this is not a frame index, or it is cut off");
  }
  const std::string_view body = bytes.substr(0, bytes.size() - kHashDigits);
  if (Sha256Hex(body) != std::string(bytes.substr(body.size()))) {
    return absl::DataLossError("a frame index is damaged: its hash differs");
  }
  Reader in(body.substr(kMagic.size()));
  const int64_t version = in.Number();
  if (version != kVersion) {
    return absl::InvalidArgumentError(
        absl::StrFormat("a frame index has version %d, this program reads %d", version, kVersion));
  }
  FrameIndex index;
  index.video = ReadVideo(&in);
  index.time_base = in.Ratio();
  index.file_size = in.Number();
  index.source_identity = in.Text();
  index.frames.resize(in.Count());
  IndexedFrame last_frame;
  for (IndexedFrame& frame : index.frames) {
    frame.pts = Sum(in.Number(), last_frame.pts);
    frame.duration = Sum(in.Number(), last_frame.duration);
    frame.decode_from_packet = Sum(in.Number(), last_frame.decode_from_packet);
    frame.packet = Sum(in.Number(), last_frame.packet);
    last_frame = frame;
  }
  index.packets.resize(in.Count());
  IndexedPacket last;
  for (IndexedPacket& packet : index.packets) {
    packet.dts = Sum(in.Number(), last.dts);
    packet.pts = Sum(in.Number(), last.pts);
    packet.position = Sum(in.Number(), last.position);
    packet.size = static_cast<int32_t>(in.Number());
    packet.key = in.Number() != 0;
    packet.hash = in.Fixed();
    last = packet;
  }
  if (!in.done()) return absl::DataLossError("a frame index is damaged: it ends too early or late");
  const auto packets = static_cast<int64_t>(index.packets.size());
  for (const IndexedFrame& frame : index.frames) {
    if (frame.packet < 0 || frame.packet >= packets || frame.decode_from_packet < 0 ||
        frame.decode_from_packet > frame.packet) {
      return absl::DataLossError("a frame index is damaged: a frame names a packet it lacks");
    }
  }
  return index;
}

}  // namespace stereofarm
