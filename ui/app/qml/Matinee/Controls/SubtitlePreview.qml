import QtQuick
import Matinee.Theme

// How subtitles look on a picture. Sizes are those of the player: 58 of 1080 lines at 100 %.
Rectangle {
    id: root

    required property QtObject settings
    readonly property real letter: height * 58 / 1080 * settings.subtitleScale

    height: Math.round(width * 9 / 16)
    radius: Theme.radius
    gradient: Gradient {
        GradientStop { position: 0; color: Theme.previewSky }
        GradientStop { position: 0.62; color: Theme.previewHaze }
        GradientStop { position: 0.64; color: Theme.previewMeadow }
        GradientStop { position: 1; color: Theme.previewGround }
    }
    Accessible.role: Accessible.Graphic
    Accessible.name: qsTr("How subtitles will look")

    Rectangle {
        anchors { fill: words; margins: -root.letter * 0.2 }
        color: Theme.shade
        visible: root.settings.subtitleEdge === "box"
    }
    // The shadow
    Label {
        x: words.x + root.letter * 0.07
        y: words.y + root.letter * 0.07
        width: words.width
        horizontalAlignment: Text.AlignHCenter
        text: words.text
        font: words.font
        color: Theme.shadeDeep
        visible: root.settings.subtitleEdge === "shadow"
        Accessible.ignored: true
    }
    Label {
        id: words
        objectName: "previewWords"
        anchors { horizontalCenter: parent.horizontalCenter; bottom: parent.bottom; bottomMargin: parent.height * 0.07 }
        text: qsTr("– Are you coming to the matinee?\n– I would not miss it.")
        horizontalAlignment: Text.AlignHCenter
        font.pixelSize: Math.max(1, root.letter)
        color: root.settings.subtitleColour
        style: root.settings.subtitleEdge === "outline" ? Text.Outline : Text.Normal
        styleColor: Theme.black
        Accessible.ignored: true
    }
}
