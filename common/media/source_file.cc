#include "common/media/source_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <system_error>

#include "absl/strings/str_format.h"
#include "common/base/file_system.h"
#include "common/media/source_bytes.h"

namespace stereofarm {
namespace fs = std::filesystem;
namespace {

absl::Status CheckReadable(const fs::path& path) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (error) return ErrnoStatus(error.value(), absl::StrFormat("cannot open %s", path.string()));
  if (fs::is_directory(status)) {
    return absl::InvalidArgumentError(
        absl::StrFormat("%s is a folder, not a film; name one film file", path.string()));
  }
  if (!fs::is_regular_file(status)) {
    return absl::InvalidArgumentError(
        absl::StrFormat("%s is not a file; name one film file", path.string()));
  }
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return ErrnoStatus(errno, absl::StrFormat("cannot open %s", path.string()));
  close(fd);
  if (fs::file_size(path, error) == 0) {
    return absl::InvalidArgumentError(absl::StrFormat("%s is empty", path.string()));
  }
  return absl::OkStatus();
}

// Formats that name other files or that take any text for a picture.
bool IsRefusedFormat(const AVInputFormat& format) {
  for (const char* name : {"hls", "concat", "concatf", "dash", "imf", "tty", "sdp", "rtsp"}) {
    if (std::strcmp(format.name, name) == 0) return true;
  }
  return (format.flags & AVFMT_NOFILE) != 0;
}

absl::Status NotAFilm(const fs::path& path, int error) {
  return absl::InvalidArgumentError(
      absl::StrFormat("%s is not a film that can be read, or its index is missing: %s",
                      path.string(), AvErrorText(error)));
}

}  // namespace

absl::StatusOr<InputPtr> OpenSource(const FilmFile& film) {
  const fs::path& path = film.path;
  QuietFfmpeg();
  if (film.bytes == nullptr) SF_RETURN_IF_ERROR(CheckReadable(path));
  AVFormatContext* raw = avformat_alloc_context();
  if (raw == nullptr) return absl::ResourceExhaustedError("no memory to open a film");
  InputDeleter deleter;
  if (film.bytes != nullptr) {
    deleter.bytes = std::make_shared<SourceBytes>(film.bytes);
    raw->pb = deleter.bytes->io();
    raw->flags |= AVFMT_FLAG_CUSTOM_IO;
  }
  Dictionary options;
  options.Set("protocol_whitelist", film.bytes == nullptr ? "file" : "none");
  const int opened = avformat_open_input(&raw, FfmpegUrl(path).c_str(), nullptr, options.pointer());
  InputPtr input(opened < 0 ? nullptr : raw, std::move(deleter));
  SF_RETURN_IF_ERROR(ReadError(input));
  if (opened == AVERROR(ENOMEM)) return AvStatus(opened, "cannot open " + path.string());
  if (opened < 0) return NotAFilm(path, opened);
  if (IsRefusedFormat(*input->iformat)) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "%s is not a film (FFmpeg takes it for \"%s\")", path.string(), input->iformat->name));
  }
  const int found = avformat_find_stream_info(input.get(), nullptr);
  SF_RETURN_IF_ERROR(ReadError(input));
  if (found < 0) return NotAFilm(path, found);
  return input;
}

absl::Status ReadError(const InputPtr& input) {
  const std::shared_ptr<SourceBytes>& bytes = input.get_deleter().bytes;
  return bytes == nullptr ? absl::OkStatus() : bytes->error();
}

absl::StatusOr<int> PictureTrack(const AVFormatContext& input, const fs::path& path) {
  int best = -1;
  int64_t best_score = -1;
  for (unsigned i = 0; i < input.nb_streams; ++i) {
    const AVStream& stream = *input.streams[i];
    if (stream.codecpar->codec_type != AVMEDIA_TYPE_VIDEO) continue;
    if ((stream.disposition & (AV_DISPOSITION_ATTACHED_PIC | AV_DISPOSITION_TIMED_THUMBNAILS)) !=
        0) {
      continue;
    }
    // The default track, then the largest, then the first.
    const int64_t size =
        int64_t{std::max(0, stream.codecpar->width)} * std::max(0, stream.codecpar->height);
    const bool preferred = (stream.disposition & AV_DISPOSITION_DEFAULT) != 0 && size > 0;
    const int64_t score = (preferred ? int64_t{1} << 60 : 0) + size;
    if (score > best_score) {
      best = static_cast<int>(i);
      best_score = score;
    }
  }
  if (best < 0) {
    return absl::InvalidArgumentError(
        absl::StrFormat("%s has no picture track, so it is not a film", path.string()));
  }
  const AVCodecParameters& codec = *input.streams[best]->codecpar;
  if (codec.width <= 0 || codec.height <= 0) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "%s has a picture track without a picture (%s, %dx%d); it is damaged or "
        "not a film",
        path.string(), avcodec_get_name(codec.codec_id), codec.width, codec.height));
  }
  if (avcodec_find_decoder(codec.codec_id) == nullptr) {
    return absl::InvalidArgumentError(absl::StrFormat("%s is in a codec that cannot be decoded: %s",
                                                      path.string(),
                                                      avcodec_get_name(codec.codec_id)));
  }
  if (codec.format == AV_PIX_FMT_NONE) {
    return absl::InvalidArgumentError(
        absl::StrFormat("%s has a picture track that cannot be decoded (%s); it is damaged",
                        path.string(), avcodec_get_name(codec.codec_id)));
  }
  return best;
}

absl::StatusOr<CodecContextPtr> OpenDecoder(const AVStream& stream, int threads) {
  const AVCodec* codec = avcodec_find_decoder(stream.codecpar->codec_id);
  const std::string name = avcodec_get_name(stream.codecpar->codec_id);
  if (codec == nullptr) {
    return absl::InvalidArgumentError(absl::StrFormat("codec %s cannot be decoded", name));
  }
  CodecContextPtr context(avcodec_alloc_context3(codec));
  if (context == nullptr) return absl::ResourceExhaustedError("no memory for a decoder");
  int error = avcodec_parameters_to_context(context.get(), stream.codecpar);
  if (error < 0) return AvStatus(error, "cannot set up the decoder of " + name);
  context->pkt_timebase = stream.time_base;
  context->thread_count = std::max(1, threads);
  // Damaged pictures are better than none, and the order of output shall not be guessed.
  context->flags |= AV_CODEC_FLAG_OUTPUT_CORRUPT;
  if (context->codec_id == AV_CODEC_ID_H264) {
    context->strict_std_compliance = FF_COMPLIANCE_STRICT;
  }
  error = avcodec_open2(context.get(), codec, nullptr);
  if (error < 0) return AvStatus(error, "cannot open the decoder of " + name);
  return context;
}

}  // namespace stereofarm
