#include "tests/quality/test_footage.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>
#include <optional>

#include "absl/strings/str_format.h"
#include "common/exr/exr.h"
#include "common/media/frame_index.h"
#include "tests/unit/depth/moving_scene.h"

namespace stereofarm {
namespace {

namespace fs = std::filesystem;

constexpr int kParts = 8;  // of a frame's time, for `slow`
constexpr double kFramesPerSecond = 24;

cv::Mat Wrap(const Image& image, int channel) {
  return cv::Mat(image.height(), image.width(), CV_32F, const_cast<float*>(image.Plane(channel)),
                 static_cast<size_t>(image.stride()) * sizeof(float));
}

Image Resized(const Image& image, ImageSize size) {
  Image out(size.width, size.height, image.channels());
  for (int c = 0; c < image.channels(); ++c) {
    cv::Mat to = Wrap(out, c);
    cv::resize(Wrap(image, c), to, to.size(), 0, 0, cv::INTER_AREA);
  }
  return out;
}

bool IsWindow(const std::string& change) {
  return change == "pan" || change == "zoom" || change == "shake";
}

// A figure cut out of cardboard: colours by the place on it in metres, y up from the ground.
struct Sprite {
  double half_width, height;
  std::optional<cv::Vec3f> (*at)(double x, double y, double seconds);
};

cv::Vec3f Textured(const cv::Vec3f& colour, uint64_t seed, double x, double y) {
  static const Texture textures[] = {Texture(11), Texture(12), Texture(13), Texture(14)};
  return colour * (0.5f + textures[seed % 4].At(300 * x, 300 * y));
}

std::optional<cv::Vec3f> CarAt(double x, double y, double) {
  const double side = 0.88 - 0.22 * std::clamp((y - 0.85) / 0.6, 0.0, 1.0);
  if (y < 0.22) {
    if (y < 0 || std::abs(std::abs(x) - 0.72) > 0.1) return std::nullopt;
    return Textured({0.08f, 0.08f, 0.08f}, 0, x, y);
  }
  if (std::abs(x) > side || y > 1.45) return std::nullopt;
  if (y > 0.95 && y < 1.38 && std::abs(x) < side - 0.08) {
    return Textured({0.12f, 0.15f, 0.2f}, 1, x, y);
  }
  if (std::hypot(std::abs(x) - 0.62, y - 0.65) < 0.12) return Textured({0.9f, 0.9f, 0.8f}, 2, x, y);
  if (y < 0.55 && y > 0.35 && std::abs(x) < 0.6) return Textured({0.1f, 0.1f, 0.1f}, 3, x, y);
  return Textured({0.75f, 0.3f, 0.1f}, 3, x, y);
}

// Distance of (x, y) from the line between two points.
double FromLine(double x, double y, double ax, double ay, double bx, double by) {
  const double dx = bx - ax, dy = by - ay;
  const double s = std::clamp(((x - ax) * dx + (y - ay) * dy) / (dx * dx + dy * dy), 0.0, 1.0);
  return std::hypot(x - ax - s * dx, y - ay - s * dy);
}

std::optional<cv::Vec3f> PersonAt(double x, double y, double seconds) {
  const double swing = 0.22 * std::sin(2 * M_PI * seconds / 1.1);
  if (std::hypot(x, y - 1.6) < 0.14) {
    return Textured(y > 1.62 ? cv::Vec3f{0.2f, 0.12f, 0.08f} : cv::Vec3f{0.8f, 0.6f, 0.5f}, 0, x,
                    y);
  }
  if (std::abs(x) < 0.24 && y > 0.8 && y < 1.47) return Textured({0.5f, 0.15f, 0.2f}, 1, x, y);
  for (const double side : {-1.0, 1.0}) {
    if (FromLine(x, y, side * 0.28, 1.4, side * 0.3 - side * 0.4 * swing, 0.85) < 0.07) {
      return Textured({0.5f, 0.15f, 0.2f}, 2, x, y);
    }
    if (FromLine(x, y, side * 0.11, 0.85, side * (0.11 + swing), 0.09) < 0.09) {
      return Textured({0.2f, 0.2f, 0.35f}, 3, x, y);
    }
  }
  return std::nullopt;
}

constexpr Sprite kCar = {1.0, 1.5, CarAt};
constexpr Sprite kPerson = {0.6, 1.8, PersonAt};

// Text in two lines: coverage 0..1 of white, then of the black rim around it.
void DrawTitle(TestFrame* frame) {
  const cv::Size size = frame->inverse.size();
  const double scale = size.width / 560.0;
  cv::Mat fill = cv::Mat::zeros(size, CV_8U), rim = fill.clone();
  const char* lines[] = {"A film by nobody", "in memory of all the frames"};
  for (int i = 0; i < 2; ++i) {
    const cv::Point at(size.width / 6, static_cast<int>(size.height * (0.72 + 0.1 * i)));
    const int thick = std::max(1, static_cast<int>(1.6 * scale));
    cv::putText(rim, lines[i], at, cv::FONT_HERSHEY_DUPLEX, 0.8 * scale, 255, thick + 4,
                cv::LINE_AA);
    cv::putText(fill, lines[i], at, cv::FONT_HERSHEY_DUPLEX, 0.8 * scale, 255, thick, cv::LINE_AA);
  }
  for (int c = 0; c < 3; ++c) {
    for (int y = 0; y < size.height; ++y) {
      float* row = frame->rgb.Row(c, y);
      for (int x = 0; x < size.width; ++x) {
        row[x] *= 1 - static_cast<float>(rim.at<uint8_t>(y, x)) / 255;
        row[x] += (0.95f - row[x]) * static_cast<float>(fill.at<uint8_t>(y, x)) / 255;
      }
    }
  }
  frame->added = rim > 127;
}

}  // namespace

const std::vector<std::string>& TestFootage::Changes() {
  static const std::vector<std::string> names = {"car", "walker", "crosser", "title",
                                                 "pan", "zoom",   "shake",   "slow"};
  return names;
}

absl::StatusOr<std::unique_ptr<TestFootage>> TestFootage::Open(const std::string& shot,
                                                               const std::string& change) {
  if (!change.empty() && std::find(Changes().begin(), Changes().end(), change) == Changes().end()) {
    return absl::InvalidArgumentError(absl::StrFormat("no change is called \"%s\"", change));
  }
  std::unique_ptr<TestFootage> out(new TestFootage);
  out->change_ = change;
  const fs::path film = fs::exists(shot) ? fs::path(shot) : fs::path(shot + "_left.mkv");
  SF_ASSIGN_OR_RETURN(FrameIndex built, BuildFrameIndex(film));
  const auto index = std::make_shared<const FrameIndex>(std::move(built));
  SF_ASSIGN_OR_RETURN(out->reader_,
                      FrameReader::Open(film, index, FrameRange{0, index->frame_count()}));
  out->converter_ = std::make_unique<ColorConverter>(index->video.color);
  out->frames_ = index->frame_count();
  out->size_ = {index->video.width, index->video.height};
  std::error_code none;
  for (const auto& entry : fs::directory_iterator(shot + "_depth", none)) {
    if (entry.path().extension() == ".exr") out->truth_.push_back(entry.path());
  }
  std::sort(out->truth_.begin(), out->truth_.end());
  if (!change.empty()) SF_RETURN_IF_ERROR(out->ReadCameras(shot + ".json"));
  if (IsWindow(change)) {
    SF_ASSIGN_OR_RETURN(out->still_, out->ReadSource(0, out->size_));
  } else if (change == "slow") {
    SF_ASSIGN_OR_RETURN(out->next_, out->ReadSource(0, out->size_));
    out->read_ = 1;
    out->frames_ = kParts * (out->frames_ - 1) + 1;
  }
  return out;
}

absl::Status TestFootage::ReadCameras(const std::string& path) {
  if (static_cast<int64_t>(truth_.size()) < frames_) {
    return absl::NotFoundError(absl::StrFormat("%s: a change needs true depth", path));
  }
  cv::FileStorage file(path, cv::FileStorage::READ | cv::FileStorage::FORMAT_JSON);
  if (!file.isOpened()) return absl::NotFoundError(absl::StrFormat("%s: not found", path));
  file["fx_px"] >> focal_;
  for (const cv::FileNode& frame : file["per_frame"]) {
    cv::Matx44d camera;
    for (int i = 0; i < 16; ++i) {
      camera.val[i] = static_cast<double>(frame["left_camera_to_world"][i / 4][i % 4]);
    }
    cameras_.push_back(camera);
  }
  if (static_cast<int64_t>(cameras_.size()) < frames_) {
    return absl::DataLossError(absl::StrFormat("%s: fewer cameras than frames", path));
  }
  return absl::OkStatus();
}

absl::StatusOr<TestFrame> TestFootage::ReadSource(int64_t frame, ImageSize rgb_size) {
  SF_ASSIGN_OR_RETURN(const auto read, reader_->Next());
  if (!read || read->frame != frame) {
    return absl::InternalError(absl::StrFormat("frame %d isn't next", frame));
  }
  TestFrame out;
  SF_ASSIGN_OR_RETURN(out.rgb, converter_->ToRgb(read->picture, rgb_size.width, rgb_size.height));
  if (frame < static_cast<int64_t>(truth_.size())) {
    SF_ASSIGN_OR_RETURN(const ExrImage z, ReadExr(truth_[static_cast<size_t>(frame)]));
    out.inverse = 1.0 / cv::max(Wrap(z.image, 0), 1e-3);
  }
  return out;
}

absl::Status TestFootage::AddSprite(int64_t frame, TestFrame* out) const {
  const double seconds = static_cast<double>(frame) / kFramesPerSecond;
  const cv::Matx44d& start = cameras_[0];
  const cv::Matx44d& camera = cameras_[static_cast<size_t>(frame)];
  const cv::Vec3d right(start(0, 0), start(1, 0), 0);
  const cv::Vec3d ahead(-start(1, 0), start(0, 0), 0);
  cv::Vec3d foot(start(0, 3), start(1, 3), 0);
  const Sprite* sprite = &kPerson;
  if (change_ == "car") {
    sprite = &kCar;
    foot += right * -1.3 + ahead * (26 - 10 * std::fmod(seconds, 1.7));
  } else if (change_ == "walker") {
    foot = cv::Vec3d(camera(0, 3), camera(1, 3), 0) + right * 0.8 + ahead * 5.0;
  } else {
    foot += right * (-3.5 + 1.4 * std::fmod(seconds, 4)) + ahead * 9.0;
  }
  const cv::Matx44d to_camera = camera.inv();
  const auto place = [&](double x, double y) {
    const cv::Vec4d p =
        to_camera * cv::Vec4d(foot[0] + right[0] * x, foot[1] + right[1] * x, foot[2] + y, 1);
    return cv::Vec3d(0.5 * size_.width + focal_ * p[0] / -p[2],
                     0.5 * size_.height - focal_ * p[1] / -p[2], -p[2]);
  };
  const cv::Vec3d base = place(0, 0), side = place(1, 0), top = place(0, 1);
  out->added = cv::Mat::zeros(size_.height, size_.width, CV_8U);
  if (base[2] < 0.5) return absl::OkStatus();
  // Cameras hardly lean, so the figure is a rectangle in the picture.
  const double scale = side[0] - base[0];
  const double tall = base[1] - top[1];
  const float inverse = static_cast<float>(1 / base[2]);
  const int x0 = std::max(0, static_cast<int>(base[0] - sprite->half_width * scale));
  const int x1 = std::min(size_.width - 1, static_cast<int>(base[0] + sprite->half_width * scale));
  const int y0 = std::max(0, static_cast<int>(base[1] - sprite->height * tall));
  const int y1 = std::min(size_.height - 1, static_cast<int>(base[1]));
  for (int y = y0; y <= y1; ++y) {
    for (int x = x0; x <= x1; ++x) {
      if (out->inverse.at<float>(y, x) > inverse) continue;
      cv::Vec3f sum(0, 0, 0);
      int hits = 0;
      for (int i = 0; i < 9; ++i) {
        const auto colour = sprite->at((x + (i % 3 + 0.5) / 3 - base[0]) / scale,
                                       (base[1] - y - (i / 3 + 0.5) / 3) / tall, seconds);
        if (!colour) continue;
        sum += *colour;
        ++hits;
      }
      for (int c = 0; c < 3; ++c) {
        float& value = out->rgb.Row(c, y)[x];
        value += (sum[c] - static_cast<float>(hits) * value) / 9;
      }
      if (hits < 5) continue;
      out->inverse.at<float>(y, x) = inverse;
      out->added.at<uint8_t>(y, x) = 255;
    }
  }
  return absl::OkStatus();
}

TestFrame TestFootage::Window(int64_t frame) const {
  const double t = static_cast<double>(frame);
  double zoom = 0.8, dx = 0, dy = 0;
  if (change_ == "pan") {
    dx = -0.08 + 0.0045 * t;
    dy = -0.02 + 0.001 * t;
  } else if (change_ == "zoom") {
    zoom = 0.95 - 0.006 * t;
    dx = 0.001 * t;
  } else {
    dx = 0.02 * std::sin(0.9 * t) + 0.012 * std::sin(2.3 * t + 1);
    dy = 0.02 * std::sin(1.1 * t + 2) + 0.01 * std::sin(2.9 * t);
    zoom = 0.85 - 0.001 * t;
  }
  zoom = std::max(zoom, 0.4);
  dx = std::clamp(dx, -(1 - zoom) / 2, (1 - zoom) / 2);
  dy = std::clamp(dy, -(1 - zoom) / 2, (1 - zoom) / 2);
  const double w = size_.width, h = size_.height;
  const cv::Matx23d map(zoom, 0, 0.5 * (w - 1) * (1 - zoom) + dx * w, 0, zoom,
                        0.5 * (h - 1) * (1 - zoom) + dy * h);
  TestFrame out;
  out.rgb = Image(size_.width, size_.height, 3);
  for (int c = 0; c < 3; ++c) {
    cv::Mat to = Wrap(out.rgb, c);
    cv::warpAffine(Wrap(still_.rgb, c), to, map, to.size(), cv::INTER_CUBIC | cv::WARP_INVERSE_MAP,
                   cv::BORDER_REPLICATE);
  }
  cv::warpAffine(still_.inverse, out.inverse, map, still_.inverse.size(),
                 cv::INTER_NEAREST | cv::WARP_INVERSE_MAP, cv::BORDER_REPLICATE);
  return out;
}

TestFrame TestFootage::Between(int part) const {
  const double share = static_cast<double>(part) / kParts;
  const cv::Matx44d& a = cameras_[static_cast<size_t>(read_ - 2)];
  const cv::Matx44d& b = cameras_[static_cast<size_t>(read_ - 1)];
  cv::Matx44d camera = a * (1 - share) + b * share;
  const cv::Matx33d turned(camera.get_minor<3, 3>(0, 0));
  cv::Matx31d w;
  cv::Matx33d u, vt;
  cv::SVD::compute(turned, w, u, vt);
  const cv::Matx33d rotation = u * vt;
  for (int i = 0; i < 9; ++i) camera(i / 3, i % 3) = rotation(i / 3, i % 3);
  const double cx = 0.5 * (size_.width - 1), cy = 0.5 * (size_.height - 1);
  TestFrame out;
  out.rgb = Image(size_.width, size_.height, 3);
  out.rgb.Fill(0);
  out.inverse = cv::Mat::zeros(size_.height, size_.width, CV_32F);
  for (const bool first : {true, false}) {
    const TestFrame& source = first ? now_ : next_;
    const cv::Matx44d there = camera.inv() * (first ? a : b);
    const cv::Matx44d back = there.inv();
    cv::Mat depth = cv::Mat::zeros(out.inverse.size(), CV_32F);
    for (int y = 0; y < size_.height; ++y) {
      for (int x = 0; x < size_.width; ++x) {
        const double z = 1 / source.inverse.at<float>(y, x);
        const cv::Vec4d p = there * cv::Vec4d((x - cx) * z / focal_, (cy - y) * z / focal_, -z, 1);
        if (p[2] > -0.1) continue;
        const int tx = static_cast<int>(std::floor(cx + focal_ * p[0] / -p[2]));
        const int ty = static_cast<int>(std::floor(cy - focal_ * p[1] / -p[2]));
        for (int i = 0; i < 4; ++i) {
          const int u1 = tx + i % 2, v1 = ty + i / 2;
          if (u1 < 0 || v1 < 0 || u1 >= size_.width || v1 >= size_.height) continue;
          float& value = depth.at<float>(v1, u1);
          value = std::max(value, static_cast<float>(-1 / p[2]));
        }
      }
    }
    cv::Mat map(depth.size(), CV_32FC2, cv::Scalar(-1, -1));
    for (int y = 0; y < size_.height; ++y) {
      for (int x = 0; x < size_.width; ++x) {
        if (depth.at<float>(y, x) == 0) continue;
        const double z = 1 / depth.at<float>(y, x);
        const cv::Vec4d p = back * cv::Vec4d((x - cx) * z / focal_, (cy - y) * z / focal_, -z, 1);
        map.at<cv::Vec2f>(y, x) = {static_cast<float>(cx + focal_ * p[0] / -p[2]),
                                   static_cast<float>(cy - focal_ * p[1] / -p[2])};
      }
    }
    for (int c = 0; c < 3; ++c) {
      cv::Mat colours;
      cv::remap(Wrap(source.rgb, c), colours, map, cv::noArray(), cv::INTER_CUBIC,
                cv::BORDER_REPLICATE);
      cv::Mat to = Wrap(out.rgb, c);
      colours.copyTo(to, (out.inverse == 0) & (depth > 0));
    }
    depth.copyTo(out.inverse, out.inverse == 0);
  }
  // What neither frame shows takes what stands to its left.
  for (int y = 0; y < size_.height; ++y) {
    for (int x = 1; x < size_.width; ++x) {
      float& value = out.inverse.at<float>(y, x);
      if (value > 0) continue;
      value = out.inverse.at<float>(y, x - 1);
      for (int c = 0; c < 3; ++c) out.rgb.Row(c, y)[x] = out.rgb.Row(c, y)[x - 1];
    }
  }
  out.inverse = cv::max(out.inverse, 1e-5);
  return out;
}

// `slow`: the next frame of the film.
absl::Status TestFootage::Advance() {
  now_ = std::move(next_);
  SF_ASSIGN_OR_RETURN(next_, ReadSource(read_, size_));
  ++read_;
  return absl::OkStatus();
}

absl::StatusOr<TestFrame> TestFootage::Read(int64_t frame, ImageSize rgb_size) {
  TestFrame out;
  if (IsWindow(change_)) {
    out = Window(frame);
  } else if (change_ == "slow") {
    const int64_t before = std::min(frame, frames_ - 2) / kParts;
    while (read_ < before + 2) SF_RETURN_IF_ERROR(Advance());
    out = Between(static_cast<int>(frame - kParts * before));
  } else {
    SF_ASSIGN_OR_RETURN(out, ReadSource(frame, change_.empty() ? rgb_size : size_));
    if (change_ == "title") {
      DrawTitle(&out);
    } else if (!change_.empty()) {
      SF_RETURN_IF_ERROR(AddSprite(frame, &out));
    }
  }
  if (out.rgb.width() != rgb_size.width || out.rgb.height() != rgb_size.height) {
    out.rgb = Resized(out.rgb, rgb_size);
  }
  return out;
}

}  // namespace stereofarm
