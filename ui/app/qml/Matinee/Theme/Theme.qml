pragma Singleton
import QtQuick

// The design system: every colour, size, font and duration of the interface stands here.
QtObject {
    // 1 at a desk; across a room it follows the screen (1.5 at 1080 lines). Every size follows it.
    property real scale: 1

    function px(size: real): real { return Math.round(size * scale) }

    property bool young: false // a child watches: lighter, rounder, larger
    property bool remote: false // six keys are all there is: fields are filled in by a keyboard on the screen

    property Item pointedTip: null // the tooltip of what is pointed at

    // What the viewer has set
    property bool highContrast: false
    property real textScale: 1
    function type(size: real): real { return px(size * textScale) }

    // Colours: a dark room, one warm accent. High contrast has black, white and full colours.
    readonly property color background: highContrast ? "#000000" : young ? "#1b2b4b" : "#0b0e13"
    readonly property color backdrop: highContrast ? "#000000" : "#1a2231" // behind the sign-in
    readonly property color surface: highContrast ? "#000000" : young ? "#24375e" : "#141922"
    readonly property color raised: highContrast ? "#1a1a1a" : young ? "#2d4470" : "#1d2430"
    readonly property color raisedHover: highContrast ? "#3d3d3d" : young ? "#37507f" : "#283142"
    readonly property color line: highContrast ? "#ffffff" : "#2c3544"
    readonly property color text: highContrast ? "#ffffff" : "#f3f5f8"
    readonly property color soft: highContrast ? "#ffffff" : "#d7dde6"
    readonly property color muted: highContrast ? "#f0f0f0" : young ? "#c9d3e2" : "#a9b3c2"
    readonly property color faint: highContrast ? "#d8d8d8" : young ? "#bac5d6" : "#8d99ab"
    readonly property color accent: highContrast ? "#ffd21f" : "#ffb84d"
    readonly property color accentDark: "#1c1204" // text on the accent
    readonly property color danger: highContrast ? "#ff9c94" : young ? "#ffb9b3" : "#ff7a70"
    readonly property color good: highContrast ? "#7dffb8" : young ? "#68dca3" : "#5fd39a"
    readonly property color cool: highContrast ? "#9ccfff" : young ? "#9dcdff" : "#6cb4ff"
    readonly property color track: "#4dffffff"
    readonly property color trackBuffered: "#80ffffff"
    readonly property color scrim: highContrast ? "#f2000000" : "#d9080a0e"
    readonly property color panel: highContrast ? "#ff000000" : "#f510141b"
    readonly property color clear: "transparent"
    // Over pictures and video: shades of black and white
    readonly property color black: "#000000"
    readonly property color clearBlack: "#00000000"
    readonly property color chip: highContrast ? "#e6000000" : "#59000000"
    readonly property color chipLine: highContrast ? "#ffffff" : "#59ffffff"
    readonly property color shade: highContrast ? "#e6000000" : "#99000000"
    readonly property color shadeDeep: highContrast ? "#ff000000" : "#e6000000"
    readonly property color glowFaint: "#14ffffff"
    readonly property color glow: "#26ffffff"
    readonly property color glowStrong: "#33ffffff"
    readonly property color veil: Qt.alpha(background, 0)
    readonly property color veilDeep: Qt.alpha(background, highContrast ? 0.95 : 0.75)
    readonly property color veilHalf: Qt.alpha(background, highContrast ? 0.9 : 0.5)
    // The picture under the preview of subtitles: light and dark
    readonly property color previewSky: "#8fb7d9"
    readonly property color previewHaze: "#e9cfa8"
    readonly property color previewMeadow: "#49613b"
    readonly property color previewGround: "#22301d"

    // Type
    readonly property string family: Qt.application.font.family // Inter (ui/app/assets/fonts)
    readonly property int hero: type(42)
    readonly property int title: type(26)
    readonly property int heading: type(20)
    readonly property int larger: type(16)
    readonly property int body: type(15)
    readonly property int small: type(13)
    readonly property int numeral: type(56)

    // Spacing and shapes
    readonly property int tiny: px(4)
    readonly property int tight: px(8)
    readonly property int gap: px(16)
    readonly property int wide: px(24)
    readonly property int margin: px(48)
    readonly property int radius: px(young ? 14 : 8)
    readonly property int radiusSmall: px(5)
    readonly property int control: px(44)
    readonly property int icon: px(22)
    readonly property int posterWidth: px(young ? 320 : 228)
    readonly property real posterAspect: 16 / 9

    // Focus: the same ring on everything
    readonly property color focus: "#ffffff"
    readonly property int focusWidth: Math.max(2, px(2.5))
    readonly property int focusGap: px(3)

    // Motion, in milliseconds. Who wants little of it gets short fades and nothing that moves. Tests set a small pace
    // and then wait for what takes seconds otherwise.
    property bool still: false
    property real pace: 1
    readonly property int quick: still ? 80 : 120 // a state
    readonly property int focusMoves: still ? 0 : 180
    readonly property int calm: still ? 0 : 220 // a list that scrolls
    readonly property int pictureFades: still ? 80 : 150
    readonly property int pageMoves: still ? 80 : 250
    readonly property int heroFades: still ? 80 : 600
    readonly property int patience: 800 // before words join a spinner
    readonly property int clipFades: 400
    readonly property int clipWaits: 1200 * pace
    readonly property int heroStays: 9000 * pace
    readonly property int heldEnds: 300 * pace // longer than two repetitions of a key are apart
    readonly property int tooltipWaits: 500 * pace
    readonly property int noticeStays: 6000 * pace // why something was not done
    readonly property int overlayStays: (remote ? 5000 : 3000) * pace
}
