#include "coordinator/assembly/film_files.h"

#include <algorithm>
#include <cmath>

#include "common/base/file_system.h"
#include "common/farm/depth_setting.h"
#include "common/media/film_writer.h"
#include "common/media/frame_index.h"
#include "common/media/frame_index_io.h"
#include "common/media/media_info.h"
#include "common/media/segment.h"
#include "coordinator/assembly/assemble_film.h"
#include "coordinator/assembly/depth_folder.h"
#include "coordinator/assembly/place_export.h"

namespace stereofarm {

absl::Status FilmFiles::CheckSettings(const JobSettings& settings) {
  SF_RETURN_IF_ERROR(Probe(settings.input).status());
  EncoderSettings encoder;
  encoder.codec = settings.codec;
  encoder.crf = settings.crf;
  encoder.pixel_format = settings.pixel_format;
  encoder.options = settings.encoder_options;
  encoder.threads = settings.encoder_threads;
  SF_RETURN_IF_ERROR(CheckEncoder(encoder));
  for (const OutputSpec& output : settings.outputs) {
    SF_RETURN_IF_ERROR(CheckContainer(output.file, settings.codec));
  }
  if (const DepthSetting depth = ParseDepthSetting(settings.depth);
      settings.rig && depth.ReadsPictures()) {
    SF_RETURN_IF_ERROR(CheckMetres(depth.path));
  }
  return absl::OkStatus();
}

absl::StatusOr<FilmSize> FilmFiles::SizeOf(const JobSettings& settings) {
  SF_ASSIGN_OR_RETURN(const MediaInfo info, Probe(settings.input));
  FilmSize size;
  size.width = info.video.width;
  size.height = info.video.height;
  size.bits_per_sample = info.video.bits_per_sample;
  size.seconds = std::max(0.0, info.duration_seconds);
  const double rate =
      info.video.average_frame_rate.IsKnown() ? info.video.average_frame_rate.ToDouble() : 25.0;
  size.frames = std::llround(std::clamp(size.seconds * rate, 1.0, 1e9));
  SF_ASSIGN_OR_RETURN(size.file_bytes, FileSize(settings.input));
  if (const DepthSetting depth = ParseDepthSetting(settings.depth); depth.ReadsPictures()) {
    SF_ASSIGN_OR_RETURN(size.depth_is_exported, HoldsExport(depth.path));
  }
  return size;
}

absl::StatusOr<IndexedFilm> FilmFiles::Index(const std::string& input,
                                             const std::function<bool(double)>& progress) {
  const auto forward = [](double share, void* context) {
    return (*static_cast<const std::function<bool(double)>*>(context))(share);
  };
  SF_ASSIGN_OR_RETURN(
      const FrameIndex index,
      BuildFrameIndex(input, forward, const_cast<std::function<bool(double)>*>(&progress)));
  IndexedFilm film;
  film.frames = index.frame_count();
  film.width = index.video.width;
  film.height = index.video.height;
  film.source_identity = index.source_identity;
  film.bytes = SerializeFrameIndex(index);
  return film;
}

absl::Status FilmFiles::CheckDepthFolder(const std::string& folder, const IndexedFilm& film,
                                         const FrameRange& range) {
  return stereofarm::CheckDepthFolder(folder, film.frames, range, film.width, film.height);
}

absl::StatusOr<std::string> FilmFiles::Fingerprint(const std::string& product) {
  std::error_code error;
  if (std::filesystem::is_directory(product, error)) return ExportFingerprint(product);
  return ReadFilmFingerprint(product);
}

std::string FilmFiles::SegmentExtension(const std::string& codec) {
  return stereofarm::SegmentExtension(codec);
}

absl::StatusOr<int64_t> FilmFiles::SegmentFrames(const std::filesystem::path& segment) {
  return CheckSegment(segment);
}

absl::StatusOr<std::vector<std::string>> FilmFiles::Assemble(
    const FilmOrder& order, const std::function<bool(double)>& progress) {
  const auto films = [&](double share) {
    return progress(order.exports.empty() ? share : share / 2);
  };
  SF_ASSIGN_OR_RETURN(std::vector<std::string> remarks, AssembleFilm(order, films));
  const double count = static_cast<double>(order.exports.size());
  for (size_t i = 0; i < order.exports.size(); ++i) {
    const auto part = [&](double share) {
      return progress(0.5 + (static_cast<double>(i) + share) / count / 2);
    };
    SF_RETURN_IF_ERROR(PlaceExport(order, i, part));
  }
  return remarks;
}

}  // namespace stereofarm
