#include "common/media/hdr_metadata.h"

#include <cmath>
#include <cstring>

#include "absl/strings/str_format.h"
#include "common/media/source_file.h"

namespace stereofarm {
namespace {

constexpr int kPacketsUntilFirstFrame = 200;

template <typename T>
std::unique_ptr<T, AvFree> CopyOf(const uint8_t* data, size_t size) {
  if (data == nullptr || size < sizeof(T)) return nullptr;
  std::unique_ptr<T, AvFree> copy(static_cast<T*>(av_malloc(sizeof(T))));
  if (copy != nullptr) std::memcpy(copy.get(), data, sizeof(T));
  return copy;
}

template <typename T>
std::unique_ptr<T, AvFree> OfStream(const AVStream& stream, AVPacketSideDataType type) {
  size_t size = 0;
  const uint8_t* data = av_stream_get_side_data(&stream, type, &size);
  return CopyOf<T>(data, size);
}

template <typename T>
std::unique_ptr<T, AvFree> OfFrame(const AVFrame& frame, AVFrameSideDataType type) {
  const AVFrameSideData* data = av_frame_get_side_data(&frame, type);
  return data == nullptr ? nullptr : CopyOf<T>(data->data, data->size);
}

// Null where no frame decodes.
absl::StatusOr<FramePtr> FirstFrame(const FilmFile& film, int stream_index) {
  SF_ASSIGN_OR_RETURN(const InputPtr input, OpenSource(film));
  if (stream_index >= static_cast<int>(input->nb_streams)) return FramePtr();
  absl::StatusOr<CodecContextPtr> decoder = OpenDecoder(*input->streams[stream_index], 1);
  if (!decoder.ok()) return FramePtr();
  const PacketPtr packet = NewPacket();
  FramePtr frame = NewFrame();
  for (int i = 0; i < kPacketsUntilFirstFrame;) {
    const bool more = av_read_frame(input.get(), packet.get()) >= 0;
    SF_RETURN_IF_ERROR(ReadError(input));
    if (more && packet->stream_index != stream_index) {
      av_packet_unref(packet.get());
      continue;
    }
    avcodec_send_packet(decoder->get(), more ? packet.get() : nullptr);
    av_packet_unref(packet.get());
    if (avcodec_receive_frame(decoder->get(), frame.get()) >= 0) return frame;
    if (!more) return FramePtr();
    ++i;
  }
  return FramePtr();
}

HdrMetadata OfContainer(const AVStream& stream) {
  HdrMetadata hdr;
  hdr.mastering =
      OfStream<AVMasteringDisplayMetadata>(stream, AV_PKT_DATA_MASTERING_DISPLAY_METADATA);
  hdr.light = OfStream<AVContentLightMetadata>(stream, AV_PKT_DATA_CONTENT_LIGHT_LEVEL);
  return hdr;
}

long Scaled(AVRational value, double scale) { return std::lround(av_q2d(value) * scale); }

}  // namespace

absl::StatusOr<HdrMetadata> HdrMetadataOf(const AVStream& stream, const FilmFile& film) {
  HdrMetadata hdr = OfContainer(stream);
  const AVColorTransferCharacteristic transfer = stream.codecpar->color_trc;
  const bool wide = transfer == AVCOL_TRC_SMPTE2084 || transfer == AVCOL_TRC_ARIB_STD_B67;
  if (!wide || (hdr.mastering != nullptr && hdr.light != nullptr)) return hdr;
  SF_ASSIGN_OR_RETURN(const FramePtr frame, FirstFrame(film, stream.index));
  if (frame == nullptr) return hdr;
  if (hdr.mastering == nullptr) {
    hdr.mastering =
        OfFrame<AVMasteringDisplayMetadata>(*frame, AV_FRAME_DATA_MASTERING_DISPLAY_METADATA);
  }
  if (hdr.light == nullptr) {
    hdr.light = OfFrame<AVContentLightMetadata>(*frame, AV_FRAME_DATA_CONTENT_LIGHT_LEVEL);
  }
  return hdr;
}

absl::StatusOr<HdrMetadata> ReadHdrMetadata(const FilmFile& film) {
  SF_ASSIGN_OR_RETURN(const InputPtr input, OpenSource(film));
  SF_ASSIGN_OR_RETURN(const int picture, PictureTrack(*input, film.path));
  return HdrMetadataOf(*input->streams[picture], film);
}

absl::Status AttachHdrMetadata(const HdrMetadata& hdr, AVStream* stream) {
  if (hdr.mastering != nullptr) {
    uint8_t* data = av_stream_new_side_data(stream, AV_PKT_DATA_MASTERING_DISPLAY_METADATA,
                                            sizeof(*hdr.mastering));
    if (data == nullptr) return absl::ResourceExhaustedError("no memory for HDR metadata");
    std::memcpy(data, hdr.mastering.get(), sizeof(*hdr.mastering));
  }
  if (hdr.light != nullptr) {
    uint8_t* data =
        av_stream_new_side_data(stream, AV_PKT_DATA_CONTENT_LIGHT_LEVEL, sizeof(*hdr.light));
    if (data == nullptr) return absl::ResourceExhaustedError("no memory for HDR metadata");
    std::memcpy(data, hdr.light.get(), sizeof(*hdr.light));
  }
  return absl::OkStatus();
}

std::string MasteringDisplayText(const HdrMetadata& hdr) {
  if (hdr.mastering == nullptr || !hdr.mastering->has_primaries || !hdr.mastering->has_luminance) {
    return "";
  }
  const AVMasteringDisplayMetadata& m = *hdr.mastering;
  const auto& p = m.display_primaries;  // R, G, B
  constexpr double kChromaticity = 50000;
  constexpr double kLuminance = 10000;
  return absl::StrFormat("G(%d,%d)B(%d,%d)R(%d,%d)WP(%d,%d)L(%d,%d)",
                         Scaled(p[1][0], kChromaticity), Scaled(p[1][1], kChromaticity),
                         Scaled(p[2][0], kChromaticity), Scaled(p[2][1], kChromaticity),
                         Scaled(p[0][0], kChromaticity), Scaled(p[0][1], kChromaticity),
                         Scaled(m.white_point[0], kChromaticity),
                         Scaled(m.white_point[1], kChromaticity),
                         Scaled(m.max_luminance, kLuminance), Scaled(m.min_luminance, kLuminance));
}

std::string ContentLightText(const HdrMetadata& hdr) {
  if (hdr.light == nullptr) return "";
  return absl::StrFormat("%u,%u", hdr.light->MaxCLL, hdr.light->MaxFALL);
}

}  // namespace stereofarm
