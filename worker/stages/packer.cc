#include "worker/stages/packer.h"

#include <cstring>
#include <utility>

#include "absl/strings/str_format.h"
#include "common/farm/packing.h"
#include "models/stereo/anaglyph.h"

namespace stereofarm {
namespace {

StereoPacking SignalledAs(Packing packing) {
  switch (packing) {
    case Packing::kSideBySide:
      return StereoPacking::kSideBySide;
    case Packing::kTopBottom:
      return StereoPacking::kTopBottom;
    case Packing::kNone:
      break;
  }
  return StereoPacking::kNone;
}

bool IsSideBySide(Layout layout) { return layout == Layout::kSbs || layout == Layout::kHalfSbs; }
bool IsTopBottom(Layout layout) { return layout == Layout::kTab || layout == Layout::kHalfTab; }
bool IsHalf(Layout layout) { return layout == Layout::kHalfSbs || layout == Layout::kHalfTab; }

// Luma samples to one of chroma.
absl::StatusOr<ImageSize> ChromaGrid(const std::string& format) {
  SF_ASSIGN_OR_RETURN(const Picture picture, Picture::Create(format, 16, 16));
  if (picture.plane_count() < 3) return ImageSize{1, 1};
  const Picture::PlaneView chroma = picture.plane(1);
  return ImageSize{16 / chroma.width, 16 / chroma.height};
}

// "yuv444p10le" for "yuv420p10le"; formats without subsampled chroma as they are.
std::string FullChroma(std::string format) {
  if (format.starts_with("yuv4")) format.replace(4, 2, "44");
  return format;
}

// Whether every eye's edges, and the picture's, lie on the chroma grid. FFV1 doesn't mind odd
// pictures.
bool FitsChroma(const PackPlan& plan, ImageSize grid) {
  const bool inner_x = IsSideBySide(plan.layout) || plan.layout == Layout::kGrid;
  const bool inner_y = IsTopBottom(plan.layout) || plan.layout == Layout::kGrid;
  const bool any_size = plan.encoder.codec == "ffv1";
  if (inner_x && plan.eye.width % grid.width != 0) return false;
  if (inner_y && plan.eye.height % grid.height != 0) return false;
  return any_size || (plan.video.width % grid.width == 0 && plan.video.height % grid.height == 0);
}

absl::StatusOr<std::string> FormatAs(EncoderSettings encoder, const std::string& format) {
  encoder.pixel_format = format;
  return EncoderPixelFormat(encoder, format);
}

// The pixel format of `plan`'s pictures.
absl::Status ChooseFormat(const std::string& source_format, PackPlan* plan) {
  EncoderSettings& encoder = plan->encoder;
  const bool users_own = !encoder.pixel_format.empty();
  SF_ASSIGN_OR_RETURN(std::string format, EncoderPixelFormat(encoder, source_format));
  if (plan->layout == Layout::kDepth && !users_own) {
    // As many steps as the codec has for a gray picture.
    const absl::StatusOr<std::string> gray = FormatAs(encoder, "gray16le");
    if (gray.ok()) format = *gray;
  }
  if (plan->layout == Layout::kAnaglyph && !users_own) {
    // Its eyes differ in colour alone, which subsampling would mix.
    const absl::StatusOr<std::string> full = FormatAs(encoder, FullChroma(format));
    if (full.ok()) format = *full;
  }
  SF_ASSIGN_OR_RETURN(const ImageSize grid, ChromaGrid(format));
  if (!FitsChroma(*plan, grid)) {
    const absl::StatusOr<std::string> full = FormatAs(encoder, FullChroma(format));
    if (!full.ok() || *full == format) {
      return absl::InvalidArgumentError(absl::StrFormat(
          "--layout %s: eyes of %d x %d don't fit the chroma of %s, and %s takes no 4:4:4; choose "
          "another --codec or --pix-fmt",
          LayoutName(plan->layout), plan->eye.width, plan->eye.height, format, encoder.codec));
    }
    plan->remark = absl::StrFormat(
        "layout %s: eyes of %d x %d don't fit the chroma of %s: packed "
        "in %s",
        LayoutName(plan->layout), plan->eye.width, plan->eye.height, format, *full);
    format = *full;
  }
  encoder.pixel_format = format;
  return absl::OkStatus();
}

// R, G, B alone of an image with more channels; an image with three as it is.
Image FirstThree(const Image& image) {
  Image rgb(image.width(), image.height(), 3);
  for (int c = 0; c < 3; ++c) {
    for (int y = 0; y < image.height(); ++y) {
      std::memcpy(rgb.Row(c, y), image.Row(c, y),
                  sizeof(float) * static_cast<size_t>(image.width()));
    }
  }
  return rgb;
}

}  // namespace

FrameWants WantsOf(const std::vector<OutputSpec>& outputs, const std::vector<ExportSpec>& exports) {
  FrameWants wants{.filled = false};
  for (const OutputSpec& output : outputs) {
    const bool anaglyph = output.layout == Layout::kAnaglyph;
    const bool grid = output.layout == Layout::kGrid;
    const bool depth = output.layout == Layout::kDepth;
    wants.rgb |= anaglyph;
    wants.depth |= depth || grid;
    wants.warped |= grid;
    wants.filled |= !depth && !grid;
  }
  for (const ExportSpec& each : exports) {
    const bool metres = each.format == ExportFormat::kExrMetres;
    wants.metres |= metres;
    wants.depth |= !metres;
  }
  return wants;
}

absl::StatusOr<PackPlan> PlanPacking(Layout layout, const JobSettings& settings,
                                     const VideoInfo& source) {
  PackPlan plan;
  plan.layout = layout;
  plan.synthesize = settings.synthesize;
  const PackedSize size =
      PackingOf(layout, source.width, source.height, source.sample_aspect_ratio);
  plan.video.width = size.width;
  plan.video.height = size.height;
  plan.video.sample_aspect_ratio = size.sample_aspect_ratio;
  if (source.average_frame_rate.IsKnown()) plan.video.frame_rate = source.average_frame_rate;
  plan.video.color = source.color;
  plan.video.packing = SignalledAs(size.packing);
  const bool across = IsSideBySide(layout) || layout == Layout::kGrid;
  const bool down = IsTopBottom(layout) || layout == Layout::kGrid;
  plan.eye = {size.width / (across ? 2 : 1), size.height / (down ? 2 : 1)};
  plan.encoder.codec = settings.codec;
  plan.encoder.crf = settings.crf;
  plan.encoder.pixel_format = settings.pixel_format;
  plan.encoder.options = settings.encoder_options;
  plan.encoder.threads = settings.encoder_threads;
  SF_RETURN_IF_ERROR(ChooseFormat(source.pixel_format, &plan));
  return plan;
}

Packer::Packer(PackPlan plan, const ColorInfo& color) : plan_(std::move(plan)), converter_(color) {}

bool Packer::IsSource(SynthesizedEye eye) const {
  return plan_.synthesize != Eye::kBoth && SynthesizedBy(plan_.synthesize) != eye;
}

const Image& Packer::EyeRgb(const FilmFrame& frame, SynthesizedEye eye) const {
  return IsSource(eye) ? frame.rgb : frame.eye(eye).filled;
}

absl::StatusOr<Picture> Packer::EyePicture(const FilmFrame& frame, SynthesizedEye eye) {
  const std::string& format = plan_.encoder.pixel_format;
  if (!IsSource(eye)) return converter_.FromRgb(frame.eye(eye).filled, format);
  if (frame.picture.pixel_format() == format) return frame.picture;
  return converter_.ToFormat(frame.picture, format);
}

absl::StatusOr<Picture> Packer::Pack(const FilmFrame& frame) {
  switch (plan_.layout) {
    case Layout::kLeft:
      return EyePicture(frame, SynthesizedEye::kLeft);
    case Layout::kRight:
      return EyePicture(frame, SynthesizedEye::kRight);
    case Layout::kDepth:
      return GrayPicture(frame.depth, 0);
    case Layout::kAnaglyph:
      return PackAnaglyph(frame);
    case Layout::kGrid:
      return PackGrid(frame);
    case Layout::kSbs:
    case Layout::kHalfSbs:
    case Layout::kTab:
    case Layout::kHalfTab:
      break;
  }
  return PackPair(frame);
}

absl::StatusOr<Picture> Packer::PackPair(const FilmFrame& frame) {
  SF_ASSIGN_OR_RETURN(Picture left, EyePicture(frame, SynthesizedEye::kLeft));
  SF_ASSIGN_OR_RETURN(Picture right, EyePicture(frame, SynthesizedEye::kRight));
  if (IsHalf(plan_.layout)) {
    SF_ASSIGN_OR_RETURN(left, converter_.Resize(left, plan_.eye.width, plan_.eye.height));
    SF_ASSIGN_OR_RETURN(right, converter_.Resize(right, plan_.eye.width, plan_.eye.height));
  }
  SF_ASSIGN_OR_RETURN(Picture packed, Picture::Create(plan_.encoder.pixel_format, plan_.video.width,
                                                      plan_.video.height));
  const bool side_by_side = IsSideBySide(plan_.layout);
  SF_RETURN_IF_ERROR(CopyInto(left, 0, 0, &packed));
  SF_RETURN_IF_ERROR(CopyInto(right, side_by_side ? plan_.eye.width : 0,
                              side_by_side ? 0 : plan_.eye.height, &packed));
  return packed;
}

absl::StatusOr<Picture> Packer::PackAnaglyph(const FilmFrame& frame) {
  Image mixed;
  DuboisAnaglyph(EyeRgb(frame, SynthesizedEye::kLeft), EyeRgb(frame, SynthesizedEye::kRight),
                 &mixed);
  return converter_.FromRgb(mixed, plan_.encoder.pixel_format);
}

// Source and depth above, the warped eye's known pixels and the eye itself below.
absl::StatusOr<Picture> Packer::PackGrid(const FilmFrame& frame) {
  const std::string& format = plan_.encoder.pixel_format;
  const SynthesizedEye eye = EyesToMake(plan_.synthesize).back();
  const Image& rgba = frame.eye(eye).warped.rgba;
  SF_ASSIGN_OR_RETURN(const Picture source, converter_.ToFormat(frame.picture, format));
  SF_ASSIGN_OR_RETURN(const Picture depth, GrayPicture(frame.depth, 0));
  SF_ASSIGN_OR_RETURN(const Picture mask, GrayPicture(rgba, 3));
  SF_ASSIGN_OR_RETURN(const Picture warped, converter_.FromRgb(FirstThree(rgba), format));
  SF_ASSIGN_OR_RETURN(Picture packed,
                      Picture::Create(format, plan_.video.width, plan_.video.height));
  SF_RETURN_IF_ERROR(CopyInto(source, 0, 0, &packed));
  SF_RETURN_IF_ERROR(CopyInto(depth, plan_.eye.width, 0, &packed));
  SF_RETURN_IF_ERROR(CopyInto(mask, 0, plan_.eye.height, &packed));
  SF_RETURN_IF_ERROR(CopyInto(warped, plan_.eye.width, plan_.eye.height, &packed));
  return packed;
}

absl::StatusOr<Picture> Packer::GrayPicture(const Image& image, int channel) {
  Image gray(image.width(), image.height(), 3);
  for (int c = 0; c < 3; ++c) {
    for (int y = 0; y < image.height(); ++y) {
      std::memcpy(gray.Row(c, y), image.Row(channel, y),
                  sizeof(float) * static_cast<size_t>(image.width()));
    }
  }
  return converter_.FromRgb(gray, plan_.encoder.pixel_format);
}

}  // namespace stereofarm
