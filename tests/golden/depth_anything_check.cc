#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/stack.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_format.h"
#include "models/depth/depth_anything_picture.h"
#include "models/depth/depth_anything_v2.h"
#include "models/depth/video_depth_anything.h"
#include "models/depth/video_windows.h"
#include "tests/golden/golden_picture.h"
#include "tests/golden/golden_set.h"

namespace stereofarm {
namespace {

std::optional<EncoderLayout> LayoutOf(const nlohmann::json& config) {
  if (!config.contains("num_heads") || !config.contains("intermediate_layer_idx")) {
    return std::nullopt;
  }
  return EncoderLayout{config["num_heads"].get<int64_t>(),
                       config["intermediate_layer_idx"].get<std::vector<int64_t>>()};
}

// [H, W, 3] of bytes, as floats.
Image PictureOf(const at::Tensor& bytes) {
  const at::Tensor contiguous = bytes.contiguous();
  Image image(static_cast<int>(bytes.size(1)), static_cast<int>(bytes.size(0)), 3);
  const float* in = contiguous.const_data_ptr<float>();
  for (int y = 0; y < image.height(); ++y) {
    for (int x = 0; x < image.width(); ++x) {
      for (int c = 0; c < 3; ++c) image.Row(c, y)[x] = *in++ / 255;
    }
  }
  return image;
}

Image DepthOf(const at::Tensor& plane) {
  const at::Tensor contiguous = plane.contiguous();
  Image image(static_cast<int>(plane.size(1)), static_cast<int>(plane.size(0)), 1);
  const float* in = contiguous.const_data_ptr<float>();
  for (int y = 0; y < image.height(); ++y) {
    std::copy_n(in + static_cast<int64_t>(y) * image.width(), image.width(), image.Row(0, y));
  }
  return image;
}

at::Tensor Stacked(const std::vector<Image>& images) {
  at::Tensor out = at::empty(
      {static_cast<int64_t>(images.size()), images[0].height(), images[0].width()}, at::kFloat);
  float* values = out.mutable_data_ptr<float>();
  for (const Image& image : images) {
    for (int y = 0; y < image.height(); ++y) {
      values = std::copy_n(image.Row(0, y), image.width(), values);
    }
  }
  return out;
}

ImageSize SizeOf(const Image& image) { return {image.width(), image.height()}; }

// The published whole way of a picture: [H, W].
at::Tensor InferImage(const DepthAnythingV2& net, const Image& picture, const at::Tensor& input) {
  return ResizeAligned(Forward(net, input).to(at::kCPU, at::kFloat).unsqueeze(1), picture.height(),
                       picture.width())[0][0];
}

// The published whole way of a film: [T, H, W]. `networks` takes what the network made of each
// window.
at::Tensor InferVideo(const VideoDepthAnything& net, const ParameterPlace& place,
                      const std::vector<Image>& frames, int side,
                      std::vector<at::Tensor>* networks) {
  const ImageSize size =
      DepthAnythingInputSize(SizeOf(frames[0]), VideoDepthAnythingSide(SizeOf(frames[0]), side));
  const int64_t count = static_cast<int64_t>(frames.size());
  VideoStitcher stitcher;
  std::vector<Image> film;
  const auto append = [&film](std::vector<Image> more) {
    for (Image& image : more) film.push_back(std::move(image));
  };
  for (int64_t number = 0; number < VideoWindowCount(count); ++number) {
    std::vector<at::Tensor> inputs;
    for (const int64_t frame : VideoWindowFrames(number, count)) {
      inputs.push_back(DepthAnythingInput(frames[static_cast<size_t>(frame)], size));
    }
    const at::Tensor depth =
        Forward(net, Placed(at::stack(inputs).unsqueeze(0), place))[0].to(at::kCPU, at::kFloat);
    networks->push_back(depth);
    const at::Tensor whole =
        ResizeAligned(depth.unsqueeze(1), frames[0].height(), frames[0].width()).squeeze(1);
    std::vector<Image> window;
    for (int64_t i = 0; i < whole.size(0); ++i) window.push_back(DepthOf(whole[i]));
    append(stitcher.Add(std::move(window)));
  }
  append(stitcher.Finish());
  film.resize(frames.size());
  return Stacked(film);
}

// The picture that a set of the full size has beside it, and its results, thinned out.
absl::Status CheckFullSize(const GoldenRun& run, const GoldenTensors& golden,
                           const DepthAnythingV2& net, Comparison* comparison) {
  SF_ASSIGN_OR_RETURN(const at::Tensor bytes, ReadGoldenPicture(run.folder));
  const Image picture = PictureOf(bytes.to(at::kFloat));
  const auto compare = [&](const std::string& name, const at::Tensor& got) -> absl::Status {
    if (!golden.Has(name)) return absl::OkStatus();
    SF_ASSIGN_OR_RETURN(const at::Tensor wanted, golden.Get(name));
    comparison->Add(run.item, name, got, wanted);
    return absl::OkStatus();
  };
  const at::Tensor input = Placed(
      DepthAnythingInput(picture, DepthAnythingInputSize(SizeOf(picture))).unsqueeze(0), run.place);
  const auto every = [](const at::Tensor& x, int64_t dim, int64_t step, int64_t begin = 0) {
    return x.slice(dim, begin, std::nullopt, step);
  };
  SF_RETURN_IF_ERROR(compare("tensor_every37", every(every(input, 2, 37), 3, 37)));
  absl::Status watched = absl::OkStatus();
  const at::Tensor depth =
      Forward(net, input, [&](const std::string& name, const at::Tensor& value) {
        if (name == "path_4") watched.Update(compare("act.path_4_first4", value));
        if (name == "path_1") {
          watched.Update(compare("act.path_1_every8", every(every(value, 2, 8), 3, 8)));
        }
        watched.Update(
            compare("act." + name + "_every64", value.dim() == 3 ? every(value, 1, 64) : value));
      });
  SF_RETURN_IF_ERROR(watched);
  SF_RETURN_IF_ERROR(compare("disparity", depth));
  return compare("infer_image_every40",
                 every(every(InferImage(net, picture, input), 0, 40, 20), 1, 40, 20));
}

}  // namespace

absl::Status CheckDepthAnything(const GoldenRun& run, const GoldenTensors& golden,
                                std::shared_ptr<const WeightFile> weights, Comparison* comparison) {
  SF_ASSIGN_OR_RETURN(const DepthAnythingV2 net,
                      LoadDepthAnythingV2(weights, run.place, LayoutOf(run.config)));
  if (golden.Has("disparity")) return CheckFullSize(run, golden, net, comparison);
  for (const int i : golden.Numbers("x", "")) {
    SF_ASSIGN_OR_RETURN(at::Tensor x, golden.Get(absl::StrFormat("x%d", i)));
    x = Placed(x, run.place);
    absl::Status watched = absl::OkStatus();
    const at::Tensor got = Forward(net, x, [&](const std::string& part, const at::Tensor& value) {
      const std::string name = absl::StrFormat("act%d.%s", i, part);
      if (!golden.Has(name)) return;
      const absl::StatusOr<at::Tensor> wanted = golden.Get(name);
      watched.Update(wanted.status());
      if (wanted.ok()) comparison->Add(run.item, name, value, *wanted);
    });
    SF_RETURN_IF_ERROR(watched);
    const std::string name = absl::StrFormat("disparity%d", i);
    SF_ASSIGN_OR_RETURN(const at::Tensor wanted, golden.Get(name));
    comparison->Add(run.item, name, got, wanted);
    comparison->Add(run.item, name + " (not watched)", Forward(net, x), wanted);
  }
  for (const int i : golden.Numbers("pre", ".image_rgb_u8")) {
    const std::string pre = absl::StrFormat("pre%d.", i);
    SF_ASSIGN_OR_RETURN(const at::Tensor bytes, golden.Get(pre + "image_rgb_u8"));
    SF_ASSIGN_OR_RETURN(const at::Tensor tensor, golden.Get(pre + "tensor"));
    SF_ASSIGN_OR_RETURN(const at::Tensor depth, golden.Get(pre + "disparity"));
    SF_ASSIGN_OR_RETURN(const at::Tensor whole, golden.Get(pre + "infer_image"));
    const Image picture = PictureOf(bytes);
    const int side = static_cast<int>(std::min(tensor.size(2), tensor.size(3)));
    const at::Tensor input = Placed(
        DepthAnythingInput(picture, DepthAnythingInputSize(SizeOf(picture), side)).unsqueeze(0),
        run.place);
    comparison->Add(run.item, pre + "tensor", input, tensor);
    comparison->Add(run.item, pre + "disparity", Forward(net, input), depth);
    comparison->Add(run.item, pre + "infer_image", InferImage(net, picture, input), whole);
  }
  return absl::OkStatus();
}

absl::Status CheckVideoDepthAnything(const GoldenRun& run, const GoldenTensors& golden,
                                     std::shared_ptr<const WeightFile> weights,
                                     Comparison* comparison) {
  SF_ASSIGN_OR_RETURN(const VideoDepthAnything net,
                      LoadVideoDepthAnything(weights, run.place, LayoutOf(run.config)));
  for (const int i : golden.Numbers("fwd", ".x")) {
    const std::string fwd = absl::StrFormat("fwd%d.", i);
    SF_ASSIGN_OR_RETURN(at::Tensor x, golden.Get(fwd + "x"));
    x = Placed(x, run.place);
    SF_ASSIGN_OR_RETURN(const at::Tensor wanted, golden.Get(fwd + "depth"));
    absl::Status watched = absl::OkStatus();
    const at::Tensor got = Forward(net, x, [&](const std::string& part, const at::Tensor& value) {
      const std::string name = fwd + "act." + part;
      if (!golden.Has(name)) return;
      const absl::StatusOr<at::Tensor> reference = golden.Get(name);
      watched.Update(reference.status());
      if (reference.ok()) comparison->Add(run.item, name, value, *reference);
    });
    SF_RETURN_IF_ERROR(watched);
    comparison->Add(run.item, fwd + "depth", got, wanted);
    comparison->Add(run.item, fwd + "depth (not watched)", Forward(net, x), wanted);
  }
  for (const int i : golden.Numbers("infer", ".frames_u8")) {
    const std::string infer = absl::StrFormat("infer%d.", i);
    SF_ASSIGN_OR_RETURN(const at::Tensor bytes, golden.Get(infer + "frames_u8"));
    SF_ASSIGN_OR_RETURN(const at::Tensor wanted, golden.Get(infer + "depth"));
    std::vector<Image> frames;
    for (int64_t t = 0; t < bytes.size(0); ++t) frames.push_back(PictureOf(bytes[t]));
    const std::optional<int> side =
        ConfigNumber(run, absl::StrFormat("/infer_T_H_W_inputsize/%d/3", i));
    if (!side) {
      return absl::InvalidArgumentError(
          run.item + ": config.json has no infer_T_H_W_inputsize of " + infer + "frames_u8");
    }
    std::vector<at::Tensor> windows;
    const at::Tensor film = InferVideo(net, run.place, frames, *side, &windows);
    if (golden.Has(infer + "window_depths_net")) {
      SF_ASSIGN_OR_RETURN(const at::Tensor networks, golden.Get(infer + "window_depths_net"));
      comparison->Add(run.item, infer + "window_depths_net", at::stack(windows), networks);
    }
    comparison->Add(run.item, infer + "depth", film, wanted);
  }
  return absl::OkStatus();
}

absl::Status CheckVideoStitching(const GoldenRun& run, const GoldenTensors& golden,
                                 Comparison* comparison) {
  for (const int i : golden.Numbers("stitch", ".windows")) {
    const std::string stitch = absl::StrFormat("stitch%d.", i);
    SF_ASSIGN_OR_RETURN(const at::Tensor windows, golden.Get(stitch + "windows"));
    SF_ASSIGN_OR_RETURN(const at::Tensor wanted, golden.Get(stitch + "depth"));
    VideoStitcher stitcher;
    std::vector<Image> film;
    for (int64_t number = 0; number <= windows.size(0); ++number) {
      std::vector<Image> window;
      for (int64_t t = 0; number < windows.size(0) && t < windows.size(1); ++t) {
        window.push_back(DepthOf(windows[number][t]));
      }
      std::vector<Image> more =
          number < windows.size(0) ? stitcher.Add(std::move(window)) : stitcher.Finish();
      for (Image& image : more) film.push_back(std::move(image));
    }
    film.resize(static_cast<size_t>(wanted.size(0)));
    comparison->Add(run.item, stitch + "depth", Stacked(film), wanted);
  }
  return absl::OkStatus();
}

}  // namespace stereofarm
