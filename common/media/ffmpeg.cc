#include "common/media/ffmpeg.h"

#include <climits>
#include <mutex>
#include <new>

#include "absl/strings/str_format.h"
#include "common/base/file_system.h"

namespace stereofarm {

PacketPtr NewPacket() {
  PacketPtr packet(av_packet_alloc());
  if (packet == nullptr) throw std::bad_alloc();
  return packet;
}

FramePtr NewFrame() {
  FramePtr frame(av_frame_alloc());
  if (frame == nullptr) throw std::bad_alloc();
  return frame;
}

void QuietFfmpeg() {
  static std::once_flag once;
  std::call_once(once, [] { av_log_set_level(AV_LOG_QUIET); });
}

std::string AvErrorText(int error) {
  char text[AV_ERROR_MAX_STRING_SIZE] = {};
  av_strerror(error, text, sizeof(text));
  return text;
}

absl::Status AvStatus(int error, const std::string& what) {
  const std::string message = absl::StrFormat("%s: %s", what, AvErrorText(error));
  switch (error) {
    case AVERROR_INVALIDDATA:
    case AVERROR_EOF:
    case AVERROR(EIO):
      return absl::DataLossError(message);
    case AVERROR(EINVAL):
    case AVERROR(ENOSYS):
    case AVERROR_PATCHWELCOME:
    case AVERROR_EXPERIMENTAL:
    case AVERROR_DECODER_NOT_FOUND:
    case AVERROR_ENCODER_NOT_FOUND:
    case AVERROR_DEMUXER_NOT_FOUND:
    case AVERROR_MUXER_NOT_FOUND:
    case AVERROR_OPTION_NOT_FOUND:
      return absl::InvalidArgumentError(message);
    case AVERROR(ENOMEM):
      return absl::ResourceExhaustedError(message);
    default:
      break;
  }
  if (error > -4096 && error < 0) return ErrnoStatus(AVUNERROR(error), what);
  return absl::InternalError(message);
}

std::string FfmpegUrl(const std::filesystem::path& path) { return "file:" + path.string(); }

AVRational ToAv(const Rational& value) {
  AVRational reduced{0, 1};
  av_reduce(&reduced.num, &reduced.den, value.num, value.den == 0 ? 1 : value.den, INT_MAX);
  return reduced;
}

std::map<std::string, std::string> TagsOf(const AVDictionary* dictionary) {
  std::map<std::string, std::string> tags;
  const AVDictionaryEntry* entry = nullptr;
  while ((entry = av_dict_get(dictionary, "", entry, AV_DICT_IGNORE_SUFFIX)) != nullptr) {
    tags[entry->key] = entry->value;
  }
  return tags;
}

std::string TagOf(const AVDictionary* dictionary, const char* key) {
  const AVDictionaryEntry* entry = av_dict_get(dictionary, key, nullptr, 0);
  return entry == nullptr ? std::string() : std::string(entry->value);
}

}  // namespace stereofarm
