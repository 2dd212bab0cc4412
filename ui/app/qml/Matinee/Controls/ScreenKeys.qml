pragma ComponentBehavior: Bound
import QtQuick
import Matinee.Theme

// A keyboard on the screen, for those who have arrows only. What is beyond its edges is up to the page.
FocusScope {
    id: root

    property string letters: "abcdefghijklmnopqrstuvwxyz0123456789"
    property int columns: 6
    property bool withSpace: true // else it is a keypad, which has its place for " " empty
    property bool asTyped: false // the keys tell small letters from capitals
    property int current: 0
    property bool made: false // its keys, when it is first shown or entered: most evenings need none
    readonly property var keys: letters.split("").concat(withSpace ? [" "] : [], ["\b"])
    readonly property bool mirrored: LayoutMirroring.enabled && withSpace // digits stand the same everywhere
    readonly property int side: Theme.px(48)

    signal typed(string letter)
    signal erased()
    signal passedUp()
    signal passedDown()
    signal passedRight() // to the side where the rows end

    // The last two keys share the last row.
    function wide(index: int): bool { return withSpace && index >= letters.length }
    function isGap(index: int): bool { return !withSpace && keys[index] === " " }
    function go(dx: int, dy: int) {
        const row = Math.floor(current / columns)
        const column = current % columns
        const lastRow = Math.ceil(letters.length / columns)
        let next = current
        if (wide(current)) {
            const at = current - letters.length
            if (dx !== 0)
                next = at + dx < 0 ? current : at + dx > 1 ? -1 : current + dx
            else if (dy < 0)
                next = Math.min((lastRow - 1) * columns + (at ? columns - 1 : 0), letters.length - 1)
            else
                return passedDown()
        } else if (dx !== 0) {
            next = column + dx < 0 ? current : column + dx >= columns || current + dx >= keys.length ? -1 : current + dx
        } else if (row + dy < 0) {
            return passedUp()
        } else {
            next = current + dy * columns
            if (withSpace && next >= letters.length)
                next = letters.length + (column < columns / 2 ? 0 : 1)
            else if (next >= keys.length)
                return passedDown()
        }
        if (next === -1)
            return passedRight()
        if (isGap(next))
            next = dx < 0 ? current : next + 1
        current = next
        repeater.itemAt(next).forceActiveFocus(Qt.OtherFocusReason)
    }
    function enter() {
        made = true
        repeater.itemAt(current).forceActiveFocus(Qt.OtherFocusReason)
    }

    implicitWidth: columns * side + (columns - 1) * Theme.tiny
    implicitHeight: Math.ceil((withSpace ? letters.length + columns : keys.length) / columns) * (side + Theme.tiny) - Theme.tiny
    Accessible.role: Accessible.Grouping
    Accessible.name: qsTr("Keyboard")
    onVisibleChanged: if (visible) made = true
    Keys.onLeftPressed: go(mirrored ? 1 : -1, 0)
    Keys.onRightPressed: go(mirrored ? -1 : 1, 0)
    Keys.onUpPressed: go(0, -1)
    Keys.onDownPressed: go(0, 1)

    Repeater {
        id: repeater
        model: root.made ? root.keys : []
        delegate: Pressable {
            id: key

            required property int index
            required property string modelData
            readonly property bool erasing: modelData === "\b"
            readonly property int halfWay: Math.floor(root.columns / 2)

            objectName: "key_" + (erasing ? "erase" : modelData === " " ? "space" : modelData)
            name: erasing ? qsTr("Erase") : modelData === " " ? qsTr("Space") : modelData
            readonly property int place: root.wide(index) ? (index - root.letters.length) * halfWay * (root.side + Theme.tiny)
                                : index % root.columns * (root.side + Theme.tiny)
            x: root.mirrored ? root.width - place - width : place
            y: (root.wide(index) ? Math.ceil(root.letters.length / root.columns) : Math.floor(index / root.columns))
               * (root.side + Theme.tiny)
            width: root.wide(index) ? halfWay * (root.side + Theme.tiny) - Theme.tiny : root.side
            height: root.side
            focus: index === 0
            visible: !root.isGap(index)
            onActiveFocusChanged: if (activeFocus) root.current = index
            onPressed: erasing ? root.erased() : root.typed(modelData)
            Rectangle {
                anchors.fill: parent
                radius: Theme.radiusSmall
                color: key.activeFocus || key.hovered ? Theme.raisedHover : Theme.raised
            }
            Label {
                anchors.centerIn: parent
                text: key.modelData === " " ? qsTr("Space") : root.asTyped ? key.modelData : key.modelData.toUpperCase()
                visible: !key.erasing
                font.weight: Font.DemiBold
                Accessible.ignored: true
            }
            Icon {
                anchors.centerIn: parent
                name: "erase"
                visible: key.erasing
            }
        }
    }
}
