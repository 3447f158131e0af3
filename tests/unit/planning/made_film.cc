#include "tests/unit/planning/made_film.h"

#include <cmath>
#include <memory>

#include "common/base/random.h"

namespace stereofarm {
namespace {

double Uniform(Random* random) { return static_cast<double>(random->Next() >> 11) * 0x1p-53; }

struct Wave {
  double fx, fy, phase, height;
};
struct Thing {
  double x, y, vx, vy, radius, colour[3];
};
struct Scene {
  double level[3];
  std::vector<Wave> waves;
  std::vector<Thing> things;
};

Scene MakeScene(uint64_t seed) {
  const auto random = SeededRandom(seed * 7919 + 13);
  Scene scene;
  for (double& level : scene.level) level = 0.25 + 0.5 * Uniform(random.get());
  for (int i = 0; i < 14; ++i) {
    const double f = 0.02 * std::pow(1.25, i);
    const double turn = 6.283 * Uniform(random.get());
    scene.waves.push_back({f * std::cos(turn), f * std::sin(turn), 6.283 * Uniform(random.get()),
                           0.09 / (1 + 0.1 * i)});
  }
  for (int i = 0; i < 5; ++i) {
    scene.things.push_back(
        {.x = 160 * Uniform(random.get()),
         .y = 90 * Uniform(random.get()),
         .vx = 1.5 * Uniform(random.get()) - 0.75,
         .vy = Uniform(random.get()) - 0.5,
         .radius = 6 + 14 * Uniform(random.get()),
         .colour = {Uniform(random.get()), Uniform(random.get()), Uniform(random.get())}});
  }
  return scene;
}

}  // namespace

Frames MakeShot(uint64_t seed, int count, double pan, int begin) {
  const Scene scene = MakeScene(seed);
  Frames out;
  const size_t waves = scene.waves.size();
  std::vector<double> across(2 * waves);
  std::vector<double> down(2 * waves * kCutHeight);
  for (size_t k = 0; k < waves; ++k) {
    for (size_t y = 0; y < kCutHeight; ++y) {
      const double turn = 6.283 * scene.waves[k].fy * static_cast<double>(y);
      down[2 * (y * waves + k)] = std::cos(turn);
      down[2 * (y * waves + k) + 1] = std::sin(turn);
    }
  }
  for (int t = begin; t < begin + count; ++t) {
    Image frame(kCutWidth, kCutHeight, 3);
    for (int x = 0; x < kCutWidth; ++x) {
      const double u = x + pan * t;
      for (size_t k = 0; k < waves; ++k) {
        const double turn = 6.283 * scene.waves[k].fx * u + scene.waves[k].phase;
        across[2 * k] = scene.waves[k].height * std::sin(turn);
        across[2 * k + 1] = scene.waves[k].height * std::cos(turn);
      }
      for (int y = 0; y < kCutHeight; ++y) {
        double texture = 0;
        const double* turned = &down[2 * static_cast<size_t>(y) * waves];
        for (size_t k = 0; k < 2 * waves; ++k) texture += across[k] * turned[k];
        double pixel[3];
        for (int c = 0; c < 3; ++c) pixel[c] = scene.level[c] + texture;
        for (const Thing& thing : scene.things) {
          const double dx = u - thing.x - thing.vx * t;
          const double dy = y - thing.y - thing.vy * t;
          if (dx * dx + dy * dy > thing.radius * thing.radius) continue;
          for (int c = 0; c < 3; ++c) pixel[c] = thing.colour[c] + 0.3 * texture;
        }
        for (int c = 0; c < 3; ++c) {
          frame.Row(c, y)[x] = static_cast<float>(std::fmin(1, std::fmax(0, pixel[c])));
        }
      }
    }
    out.push_back(std::move(frame));
  }
  return out;
}

Image Plain(float level) {
  Image frame(kCutWidth, kCutHeight, 3);
  frame.Fill(level);
  return frame;
}

Image Mix(const Image& a, const Image& b, double part) {
  Image out = a.Clone();
  for (int c = 0; c < out.channels(); ++c) {
    for (int y = 0; y < out.height(); ++y) {
      for (int x = 0; x < out.width(); ++x) {
        // Rounded as a film's code values are.
        const double value = (1 - part) * a.Row(c, y)[x] + part * b.Row(c, y)[x];
        out.Row(c, y)[x] = static_cast<float>(std::round(255 * value) / 255);
      }
    }
  }
  return out;
}

void Append(const Frames& from, Frames* to) {
  for (const Image& frame : from) to->push_back(frame.Clone());
}

Frames Fade(const Frames& from, const Frames& to, float level, int ramp, int hold) {
  Frames out;
  const Image plain = Plain(level);
  const int n = static_cast<int>(from.size());
  for (int t = 0; t < n; ++t) {
    const double part = std::fmax(0.0, (t - (n - ramp) + 1.0) / ramp);
    out.push_back(Mix(from[static_cast<size_t>(t)], plain, part));
  }
  for (int t = 0; t < hold; ++t) out.push_back(plain.Clone());
  for (size_t t = 0; t < to.size(); ++t) {
    out.push_back(Mix(to[t], plain, std::fmax(0.0, 1 - static_cast<double>(t) / ramp)));
  }
  return out;
}

Frames Dissolve(const Frames& from, const Frames& to, int length) {
  Frames out;
  const auto n = static_cast<size_t>(length);
  for (size_t t = 0; t + n < from.size(); ++t) out.push_back(from[t].Clone());
  for (size_t t = 0; t < n; ++t) {
    out.push_back(Mix(from[from.size() - n + t], to[t], (t + 1.0) / (length + 1.0)));
  }
  for (size_t t = n; t < to.size(); ++t) out.push_back(to[t].Clone());
  return out;
}

std::vector<CutFeatures> Analyse(const Frames& frames) {
  CutAnalyzer analyzer;
  std::vector<CutFeatures> out;
  for (const Image& frame : frames) out.push_back(analyzer.Next(frame));
  return out;
}

}  // namespace stereofarm
