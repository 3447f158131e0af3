#include "coordinator/cli/qc_plot.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_format.h"

namespace stereofarm {
namespace {

// In pixels.
constexpr double kLeft = 90, kRight = 20, kWidth = 960;
constexpr double kTop = 22, kGraph = 90, kGap = 26;

struct Scale {
  double low = 0;
  double high = 1;
};

// What the graph's values span, a little more on either side.
Scale ScaleOf(const QcGraph& graph) {
  double low = INFINITY;
  double high = -INFINITY;
  const auto see = [&](double value) {
    if (!std::isfinite(value)) return;
    low = std::min(low, value);
    high = std::max(high, value);
  };
  for (const auto& line : graph.lines) {
    for (const auto& point : line) see(point.second);
  }
  for (const auto& bar : graph.bars) see(bar.second);
  if (graph.limit) see(*graph.limit);
  if (!graph.bars.empty() || graph.limit) see(0);
  if (low > high) return {};
  const double margin = std::max({(high - low) * 0.08, std::abs(high) * 1e-6, 1e-12});
  return {graph.bars.empty() && !graph.limit ? low - margin : low, high + margin};
}

}  // namespace

std::string EscapedHtml(const std::string& text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '?' : c;
    }
  }
  return out;
}

std::string QcPlot(const FrameRange& frames, const std::vector<QcGraph>& graphs) {
  const double height = kTop + static_cast<double>(graphs.size()) * (kGraph + kGap);
  std::string svg = absl::StrFormat(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %.0f %.0f\" width=\"%.0f\" "
      "height=\"%.0f\" font-family=\"sans-serif\" font-size=\"11\">\n",
      kWidth, height, kWidth, height);
  const auto x_of = [&](double frame) {
    const double part = (frame - static_cast<double>(frames.begin)) /
                        std::max(1.0, static_cast<double>(frames.size()));
    return kLeft + std::clamp(part, 0.0, 1.0) * (kWidth - kLeft - kRight);
  };
  double top = kTop;
  for (const QcGraph& graph : graphs) {
    const Scale scale = ScaleOf(graph);
    const auto y_of = [&](double value) {
      return top + kGraph * (1 - (value - scale.low) / (scale.high - scale.low));
    };
    svg += absl::StrFormat(
        "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" fill=\"#fafafa\" "
        "stroke=\"#ccc\"/>\n<text x=\"%.1f\" y=\"%.1f\" fill=\"#222\">%s</text>\n",
        kLeft, top, kWidth - kLeft - kRight, kGraph, kLeft, top - 6, EscapedHtml(graph.name));
    svg += absl::StrFormat(
        "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"end\" fill=\"#555\">%.4g</text>\n"
        "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"end\" fill=\"#555\">%.4g</text>\n",
        kLeft - 6, top + 9, scale.high, kLeft - 6, top + kGraph, scale.low);
    for (const auto& [frame, value] : graph.bars) {
      if (!std::isfinite(value)) continue;
      const bool is_over = graph.limit && value > *graph.limit;
      svg += absl::StrFormat(
          "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" stroke=\"%s\" "
          "stroke-width=\"3\"><title>frame %.0f: %.4g</title></line>\n",
          x_of(frame), y_of(0), x_of(frame), y_of(value), is_over ? "#c02020" : "#2060a0", frame,
          value);
    }
    for (const auto& line : graph.lines) {
      std::string points;
      for (const auto& [frame, value] : line) {
        if (!std::isfinite(value)) continue;
        points += absl::StrFormat("%.1f,%.1f ", x_of(frame), y_of(value));
      }
      svg += absl::StrFormat(
          "<polyline points=\"%s\" fill=\"none\" stroke=\"#2060a0\" stroke-width=\"1.5\"/>\n",
          points);
    }
    if (graph.limit) {
      svg += absl::StrFormat(
          "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" stroke=\"#c02020\" "
          "stroke-dasharray=\"5 4\"/>\n",
          kLeft, y_of(*graph.limit), kWidth - kRight, y_of(*graph.limit));
    }
    top += kGraph + kGap;
  }
  svg += absl::StrFormat(
      "<text x=\"%.1f\" y=\"%.1f\" fill=\"#555\">frame %d</text>\n"
      "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"end\" fill=\"#555\">%d</text>\n</svg>\n",
      kLeft, height - 10, frames.begin, kWidth - kRight, height - 10,
      std::max(frames.begin, frames.end - 1));
  return svg;
}

}  // namespace stereofarm
