#ifndef STEREOFARM_COMMON_MEDIA_FFMPEG_H_
#define STEREOFARM_COMMON_MEDIA_FFMPEG_H_

// Owner types and error translation for FFmpeg's C interface. Only for .cc files of common/media.

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/opt.h>
#include <libavutil/pixdesc.h>
}

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "common/base/status.h"
#include "common/timeline/rational.h"

namespace stereofarm {

struct FfmpegDeleter {
  void operator()(AVPacket* packet) const { av_packet_free(&packet); }
  void operator()(AVFrame* frame) const { av_frame_free(&frame); }
  void operator()(AVCodecContext* context) const { avcodec_free_context(&context); }
  void operator()(AVCodecParameters* parameters) const { avcodec_parameters_free(&parameters); }
  void operator()(AVCodecParserContext* parser) const { av_parser_close(parser); }
};

using PacketPtr = std::unique_ptr<AVPacket, FfmpegDeleter>;
using FramePtr = std::unique_ptr<AVFrame, FfmpegDeleter>;
using CodecContextPtr = std::unique_ptr<AVCodecContext, FfmpegDeleter>;
using CodecParametersPtr = std::unique_ptr<AVCodecParameters, FfmpegDeleter>;
using ParserPtr = std::unique_ptr<AVCodecParserContext, FfmpegDeleter>;

// Never null: running out of memory aborts, as `new` would.
PacketPtr NewPacket();
FramePtr NewFrame();

class SourceBytes;

struct InputDeleter {
  void operator()(AVFormatContext* context) const { avformat_close_input(&context); }
  std::shared_ptr<SourceBytes> bytes;  // that it reads; null: a file that FFmpeg opened
};
using InputPtr = std::unique_ptr<AVFormatContext, InputDeleter>;

// Closes the file, too; what it holds may be incomplete then.
struct OutputDeleter {
  void operator()(AVFormatContext* context) const {
    if (context != nullptr && context->pb != nullptr) avio_closep(&context->pb);
    avformat_free_context(context);
  }
};
using OutputPtr = std::unique_ptr<AVFormatContext, OutputDeleter>;

// Options for FFmpeg's calls. What a call didn't take is left in it.
class Dictionary {
 public:
  Dictionary() = default;
  ~Dictionary() { av_dict_free(&dictionary_); }
  Dictionary(const Dictionary&) = delete;
  Dictionary& operator=(const Dictionary&) = delete;
  void Set(const std::string& key, const std::string& value) {
    av_dict_set(&dictionary_, key.c_str(), value.c_str(), 0);
  }
  bool Has(const std::string& key) const {
    return av_dict_get(dictionary_, key.c_str(), nullptr, 0) != nullptr;
  }
  std::string Get(const std::string& key) const {
    const AVDictionaryEntry* entry = av_dict_get(dictionary_, key.c_str(), nullptr, 0);
    return entry == nullptr ? std::string() : std::string(entry->value);
  }
  // A key that no call took, or empty.
  std::string AnyKey() const {
    const AVDictionaryEntry* entry = av_dict_get(dictionary_, "", nullptr, AV_DICT_IGNORE_SUFFIX);
    return entry == nullptr ? std::string() : std::string(entry->key);
  }
  AVDictionary** pointer() { return &dictionary_; }

 private:
  AVDictionary* dictionary_ = nullptr;
};

// Turns FFmpeg's own log off. Every entry point that touches FFmpeg first calls it. Thread-safe.
void QuietFfmpeg();

// FFmpeg's words for an AVERROR.
std::string AvErrorText(int error);
// "<what>: <FFmpeg's words>" with the code that the error means: as ErrnoStatus for system errors,
// DataLoss for broken data, InvalidArgument for what FFmpeg can't do, else Internal.
absl::Status AvStatus(int error, const std::string& what);

// The name that FFmpeg opens as exactly this file, whatever characters it has.
std::string FfmpegUrl(const std::filesystem::path& path);

inline Rational FromAv(AVRational value) { return {value.num, value.den == 0 ? 1 : value.den}; }
// Reduced where it doesn't fit.
AVRational ToAv(const Rational& value);

std::map<std::string, std::string> TagsOf(const AVDictionary* dictionary);
std::string TagOf(const AVDictionary* dictionary, const char* key);

}  // namespace stereofarm

#endif  // STEREOFARM_COMMON_MEDIA_FFMPEG_H_
