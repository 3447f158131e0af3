#include "proto/index_record.h"

#include <utility>

#include "absl/strings/str_format.h"
#include "common/base/file_system.h"
#include "proto/artifacts.pb.h"

namespace stereofarm {
namespace {

v1::VideoInfo ToProto(const VideoInfo& video) {
  v1::VideoInfo proto;
  proto.set_stream_index(video.stream_index);
  proto.set_codec(video.codec);
  proto.set_width(video.width);
  proto.set_height(video.height);
  proto.set_sample_aspect_num(video.sample_aspect_ratio.num);
  proto.set_sample_aspect_den(video.sample_aspect_ratio.den);
  proto.set_rotation(video.rotation);
  proto.set_mirrored(video.mirrored);
  proto.set_pixel_format(video.pixel_format);
  proto.set_bits_per_sample(video.bits_per_sample);
  proto.set_interlaced(video.interlaced);
  proto.set_field_order(video.field_order);
  proto.set_frame_rate_num(video.average_frame_rate.num);
  proto.set_frame_rate_den(video.average_frame_rate.den);
  proto.set_time_base_num(video.time_base.num);
  proto.set_time_base_den(video.time_base.den);
  v1::ColorInfo* color = proto.mutable_color();
  color->set_primaries(video.color.primaries);
  color->set_transfer(video.color.transfer);
  color->set_matrix(video.color.matrix);
  color->set_range(video.color.range);
  color->set_chroma_location(video.color.chroma_location);
  color->set_has_mastering_display(video.color.has_mastering_display);
  color->set_has_content_light_level(video.color.has_content_light_level);
  return proto;
}

VideoInfo FromProto(const v1::VideoInfo& proto) {
  VideoInfo video;
  video.stream_index = proto.stream_index();
  video.codec = proto.codec();
  video.width = proto.width();
  video.height = proto.height();
  video.sample_aspect_ratio = {proto.sample_aspect_num(), proto.sample_aspect_den()};
  video.rotation = proto.rotation();
  video.mirrored = proto.mirrored();
  video.pixel_format = proto.pixel_format();
  video.bits_per_sample = proto.bits_per_sample();
  video.interlaced = proto.interlaced();
  video.field_order = proto.field_order();
  video.average_frame_rate = {proto.frame_rate_num(), proto.frame_rate_den()};
  video.time_base = {proto.time_base_num(), proto.time_base_den()};
  const v1::ColorInfo& color = proto.color();
  video.color.primaries = color.primaries();
  video.color.transfer = color.transfer();
  video.color.matrix = color.matrix();
  video.color.range = color.range();
  video.color.chroma_location = color.chroma_location();
  video.color.has_mastering_display = color.has_mastering_display();
  video.color.has_content_light_level = color.has_content_light_level();
  return video;
}

v1::FrameIndex ToProto(const FrameIndex& index) {
  v1::FrameIndex proto;
  *proto.mutable_video() = ToProto(index.video);
  proto.set_time_base_num(index.time_base.num);
  proto.set_time_base_den(index.time_base.den);
  proto.set_file_size(index.file_size);
  proto.set_source_identity(index.source_identity);
  for (const IndexedFrame& frame : index.frames) {
    proto.add_frame_pts(frame.pts);
    proto.add_frame_duration(frame.duration);
    proto.add_frame_decode_from_packet(frame.decode_from_packet);
    proto.add_frame_packet(frame.packet);
  }
  for (const IndexedPacket& packet : index.packets) {
    proto.add_packet_dts(packet.dts);
    proto.add_packet_pts(packet.pts);
    proto.add_packet_position(packet.position);
    proto.add_packet_size(packet.size);
    proto.add_packet_key(packet.key);
    proto.add_packet_hash(packet.hash);
  }
  return proto;
}

// Whether every list has an entry for each frame or packet.
bool IsWhole(const v1::FrameIndex& proto) {
  const int frames = proto.frame_pts_size();
  const int packets = proto.packet_dts_size();
  return frames > 0 && proto.frame_duration_size() == frames &&
         proto.frame_decode_from_packet_size() == frames && proto.frame_packet_size() == frames &&
         proto.packet_pts_size() == packets && proto.packet_position_size() == packets &&
         proto.packet_size_size() == packets && proto.packet_key_size() == packets &&
         proto.packet_hash_size() == packets;
}

FrameIndex FromProto(const v1::FrameIndex& proto) {
  FrameIndex index;
  index.video = FromProto(proto.video());
  index.time_base = {proto.time_base_num(), proto.time_base_den()};
  index.file_size = proto.file_size();
  index.source_identity = proto.source_identity();
  index.frames.reserve(static_cast<size_t>(proto.frame_pts_size()));
  for (int i = 0; i < proto.frame_pts_size(); ++i) {
    index.frames.push_back({proto.frame_pts(i), proto.frame_duration(i),
                            proto.frame_decode_from_packet(i), proto.frame_packet(i)});
  }
  index.packets.reserve(static_cast<size_t>(proto.packet_dts_size()));
  for (int i = 0; i < proto.packet_dts_size(); ++i) {
    index.packets.push_back({proto.packet_dts(i), proto.packet_pts(i), proto.packet_position(i),
                             proto.packet_size(i), proto.packet_key(i), proto.packet_hash(i)});
  }
  return index;
}

}  // namespace

absl::Status WriteFrameIndex(const std::filesystem::path& file, const FrameIndex& index) {
  return WriteFileAtomically(file, ToProto(index).SerializeAsString());
}

absl::StatusOr<FrameIndex> ReadFrameIndex(const std::filesystem::path& file) {
  SF_ASSIGN_OR_RETURN(const std::string bytes, ReadFile(file));
  v1::FrameIndex proto;
  if (!proto.ParseFromString(bytes) || !IsWhole(proto)) {
    return absl::DataLossError(absl::StrFormat("%s is not a whole frame index", file.string()));
  }
  return FromProto(proto);
}

}  // namespace stereofarm
