import QtQuick
import Matinee.Theme

// The logo of a title if it has one, else its name in the app's typeface.
Item {
    id: root

    property string name
    property string logo
    readonly property bool drawn: picture.status === Image.Ready

    implicitHeight: drawn ? picture.height : words.implicitHeight
    Accessible.role: Accessible.Heading
    Accessible.name: name

    Image {
        id: picture
        readonly property real share: Math.min(1, root.width / Math.max(1, implicitWidth), Theme.px(110) / Math.max(1, implicitHeight))
        anchors.left: parent.left
        width: implicitWidth * share
        height: implicitHeight * share
        source: root.logo
        asynchronous: true
        smooth: true
        mipmap: true
        visible: root.drawn
        Accessible.ignored: true
    }
    Label {
        id: words
        width: parent.width
        text: root.name
        font.pixelSize: Theme.hero
        font.weight: Font.Bold
        font.letterSpacing: -0.5
        wrapMode: Text.Wrap
        maximumLineCount: 2
        visible: !root.drawn
        Accessible.ignored: true
    }
}
