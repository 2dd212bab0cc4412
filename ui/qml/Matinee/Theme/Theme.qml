pragma Singleton
import QtQuick

// The design system: every colour, size, font and duration of the interface stands here.
QtObject {
    // 1 at a desk; across a room it follows the screen (1.5 at 1080 lines). Every size follows it.
    property real scale: 1

    function px(size: real): real { return Math.round(size * scale) }

    // Colours: a dark room, one warm accent.
    readonly property color background: "#0b0e13"
    readonly property color surface: "#141922"
    readonly property color raised: "#1d2430"
    readonly property color raisedHover: "#283142"
    readonly property color line: "#2c3544"
    readonly property color text: "#f3f5f8"
    readonly property color muted: "#a9b3c2"
    readonly property color faint: "#768294"
    readonly property color accent: "#ffb84d"
    readonly property color accentDark: "#1c1204" // text on the accent
    readonly property color danger: "#ff7a70"
    readonly property color good: "#5fd39a"
    readonly property color cool: "#6cb4ff"
    readonly property color track: "#4dffffff"
    readonly property color trackBuffered: "#80ffffff"
    readonly property color scrim: "#d9080a0e"
    readonly property color panel: "#f510141b"
    readonly property color clear: "transparent"

    // Type
    readonly property string family: Qt.application.font.family
    readonly property int hero: px(42)
    readonly property int title: px(26)
    readonly property int heading: px(20)
    readonly property int body: px(15)
    readonly property int small: px(13)

    // Spacing and shapes
    readonly property int tiny: px(4)
    readonly property int tight: px(8)
    readonly property int gap: px(16)
    readonly property int wide: px(24)
    readonly property int margin: px(48)
    readonly property int radius: px(8)
    readonly property int radiusSmall: px(5)
    readonly property int control: px(44)
    readonly property int icon: px(22)
    readonly property int posterWidth: px(228)
    readonly property real posterAspect: 16 / 9

    // Focus: the same ring on everything
    readonly property color focus: "#ffffff"
    readonly property int focusWidth: Math.max(2, px(2.5))
    readonly property int focusGap: px(3)

    // Motion, in milliseconds
    readonly property int quick: 120
    readonly property int calm: 220
    readonly property int overlayStays: 4000
}
