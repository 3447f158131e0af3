#include "coordinator/planning/disk_need.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "common/farm/depth_setting.h"
#include "common/farm/packing.h"
#include "models/registry/depth_anything_size.h"

namespace stereofarm {
namespace {

// Measured, in bytes a pixel: halves that are hardly noisy, behind zip; and floats, which depth
// that was exported stays.
constexpr double kDepthBytes = 0.9;
constexpr double kExportedDepthBytes = 3.5;
// As they are written: halves without compression. Red, green, blue, alpha and displacement; red,
// green and blue.
constexpr double kWarpBytes = 10;
constexpr double kInpaintBytes = 6;
// Of a file: its attributes and the end of its last block on the disk; of each line without
// compression.
constexpr double kFileBytes = 2'700;
constexpr double kLineBytes = 16;
// The grids of an overlap frame's samples.
constexpr double kSampleBytes = 12'000;

// The built-in estimator's picture, and the shorter side of a TorchScript module's, unless it says
// otherwise.
constexpr double kParallaxWidest = 640;
constexpr double kParallaxPixels = 640 * 480;
constexpr double kModuleShort = 518;

// Measured, in bits a pixel of the packed picture. A film that was compressed hard stays easy to
// compress, one that wasn't costs what its grain costs: at crf 18 0.7 to 2.6 times its own bits,
// and hardly more than 0.7.
constexpr double kOfSource = 2;
constexpr double kLeastBits = 0.2;
constexpr double kMostBits = 0.8;
constexpr double kProresBits = 5;
constexpr double kLosslessShare = 0.45;  // of the raw picture
// How many steps of crf halve a film.
constexpr double kCrfHalf = 6;
constexpr int kUsualCrf = 18;

// Beside the pictures: index, manifests, logs, the film's other tracks.
constexpr double kSurplus = 1.1;
// Shots are worked on one after another; while one is in work, so much depth of it and of the next
// lies there.
constexpr int64_t kShotFrames = 3000;

double DepthPixels(const JobSettings& settings, double width, double height) {
  const double pixels = width * height;
  if (settings.depth.starts_with("exr:")) return pixels;
  if (settings.depth.starts_with("parallax")) {
    const double scale =
        std::min({1.0, kParallaxWidest / width, std::sqrt(kParallaxPixels / pixels)});
    return pixels * scale * scale;
  }
  const std::string model = ParseDepthSetting(settings.depth).model;
  if (model != "torchscript") {
    const ImageSize picture = {static_cast<int>(width), static_cast<int>(height)};
    const bool of_videos = model.starts_with("video-depth-anything");
    const ImageSize network = DepthAnythingInputSize(
        picture, of_videos ? VideoDepthAnythingSide(picture) : kDepthAnythingSide);
    return static_cast<double>(network.width) * network.height;
  }
  const double scale = kModuleShort / std::min(width, height);
  return pixels * scale * scale;
}

// Of a pixel, in all its planes.
double RawBits(const JobSettings& settings, const FilmSize& film) {
  const std::string& format = settings.pixel_format;
  const auto says = [&](const char* part) { return format.find(part) != std::string::npos; };
  const bool full = says("444") || says("rgb") || says("gbr");
  const double samples = full ? 3 : says("422") ? 2 : 1.5;
  const int bits = says("12") ? 12 : says("10") ? 10 : says("16") ? 16 : 8;
  return samples * (format.empty() ? film.bits_per_sample : bits);
}

// "20M", "800k", "5000000"; 0 where none is given.
double BitRate(const JobSettings& settings) {
  const auto given = settings.encoder_options.find("b");
  if (given == settings.encoder_options.end()) return 0;
  char* end = nullptr;
  const double number = std::strtod(given->second.c_str(), &end);
  const double unit = *end == 'G' ? 1e9 : *end == 'M' ? 1e6 : *end == 'k' || *end == 'K' ? 1e3 : 1;
  return std::isfinite(number) && number > 0 ? number * unit : 0;
}

// Of a packed picture's pixel.
double CodedBits(const JobSettings& settings, const FilmSize& film, double source_pixels) {
  const std::string& codec = settings.codec;
  if (codec == "rawvideo") return RawBits(settings, film);
  if (codec == "ffv1" || settings.crf == 0) return kLosslessShare * RawBits(settings, film);
  if (codec.starts_with("prores") || codec.starts_with("dnx")) return kProresBits;
  const double source = 8.0 * static_cast<double>(film.file_bytes) / std::max(1.0, source_pixels);
  const double crf = settings.crf.value_or(kUsualCrf);
  return std::clamp(kOfSource * source, kLeastBits, kMostBits) *
         std::exp2((kUsualCrf - crf) / kCrfHalf);
}

// Of a picture's pixel: at most, since how well a depth compresses depends on what made it.
double ExportBytes(ExportFormat format) {
  switch (format) {
    case ExportFormat::kExr:
    case ExportFormat::kExrMetres:
    case ExportFormat::kNpz:
      return 4;
    case ExportFormat::kExrHalf:
    case ExportFormat::kPng16:
      break;
  }
  return 2;
}

int64_t Whole(double bytes) { return std::llround(std::min(bytes * kSurplus, 9e18)); }

}  // namespace

DiskNeed DiskNeedOf(const JobSettings& settings, const FilmSize& film, int64_t workers) {
  const double width = std::max(1, film.width);
  const double height = std::max(1, film.height);
  const int64_t in_film = std::max<int64_t>(1, film.frames);
  const FrameRange range =
      settings.range ? settings.range->Intersect({0, in_film}) : FrameRange{0, in_film};
  const double frames = static_cast<double>(std::max<int64_t>(1, range.size()));
  const double share = frames / static_cast<double>(in_film);

  DiskNeed need;
  double segments = 0;
  const double bits = CodedBits(settings, film, width * height * static_cast<double>(in_film));
  for (const OutputSpec& output : settings.outputs) {
    const PackedSize packed = PackingOf(output.layout, film.width, film.height, {1, 1});
    const double pixels = static_cast<double>(packed.width) * packed.height * frames;
    const double rate = BitRate(settings);
    const double bytes = (rate > 0 ? rate * film.seconds * share : bits * pixels) / 8;
    segments += bytes;
    need.outputs.push_back(Whole(bytes));
  }

  for (const ExportSpec& each : settings.exports) {
    const double bytes = (ExportBytes(each.format) * width * height + kFileBytes) * frames;
    segments += bytes;
    need.exports.push_back(Whole(bytes));
  }

  const double shard = std::min<double>(settings.shard_frames, frames);
  const double overlap = std::min<double>(2 * settings.overlap, frames - shard);
  const double depth_bytes = film.depth_is_exported ? kExportedDepthBytes : kDepthBytes;
  const double depth_frame = (DepthPixels(settings, width, height) * depth_bytes + kFileBytes) *
                                 (shard + overlap) / shard +
                             kSampleBytes * 2 * overlap / shard;
  const double eyes = settings.synthesize == Eye::kBoth ? 2 : 1;
  double between = 0;
  if (settings.exr == ExrMode::kAll) {
    const double frame = eyes * (kWarpBytes + kInpaintBytes) * width * height +
                         2 * (kFileBytes + kLineBytes * height);
    between =
        frame * (settings.keep ? frames : std::min(frames, shard * static_cast<double>(workers)));
  }
  const double short_frames =
      settings.keep ? frames : std::min(frames, static_cast<double>(kShotFrames));
  need.store = Whole(depth_frame * frames + between + segments);
  need.store_least = Whole(depth_frame * short_frames + between + segments);
  return need;
}

}  // namespace stereofarm
