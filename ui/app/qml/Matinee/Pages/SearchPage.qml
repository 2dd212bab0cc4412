pragma ComponentBehavior: Bound
import QtQuick
import Matinee.Theme
import Matinee.Controls

// Found while it is typed. At a desk there is a field; across a room the keys are on the screen, beside what is found.
FocusScope {
    id: root

    required property QtObject search
    property bool tv: false
    readonly property bool idle: search.state === "idle"

    signal titleChosen(string titleId)
    signal menuWanted(Item card, string titleId)
    signal leaving()

    // Back from a title the focus is on it; a new visit begins with the query.
    function enter() {
        if (grid.count === 0 || !grid.focus)
            enterQuery()
        else
            grid.forceActiveFocus(Qt.OtherFocusReason)
    }
    function enterQuery() {
        if (tv)
            keys.enter()
        else
            field.forceActiveFocus(Qt.OtherFocusReason)
    }
    // What had the focus may be gone.
    function enterAnew() {
        if (activeFocus && !bar.activeFocus && !field.activeFocus && !keys.activeFocus && !(grid.activeFocus && grid.visible)
                && !(recent.activeFocus && recent.visible))
            enterQuery()
    }
    function goDown() {
        if (grid.visible && grid.count > 0)
            grid.forceActiveFocus(Qt.OtherFocusReason)
        else if (recent.visible)
            recent.forceActiveFocus(Qt.OtherFocusReason)
    }

    Accessible.role: Accessible.Pane
    Accessible.name: qsTr("Search")
    Keys.onEscapePressed: leaving()
    Keys.onBackPressed: leaving()
    Keys.onPressed: event => {
        event.accepted = true
        if (event.key === Qt.Key_Backspace)
            tv && search.query ? search.erase() : leaving()
        else if (tv && event.text.length === 1 && event.text >= " " && event.modifiers === Qt.NoModifier)
            search.type(event.text)
        else
            event.accepted = false
    }

    Rectangle { anchors.fill: parent; color: Theme.background }
    PosterGrid {
        id: grid
        objectName: "found"
        anchors { fill: parent; rightMargin: Theme.margin - Theme.gap }
        anchors.leftMargin: root.tv ? keys.width + 2 * Theme.margin : Theme.margin
        topMargin: top.height + Theme.tight + (worth.visible ? worth.height + Theme.tight : 0)
        bottomMargin: Theme.margin
        roomAbove: top.height + Theme.gap
        prefix: "found_"
        visible: count > 0 && !recent.visible // what was searched lately comes before suggestions
        enabled: visible
        model: root.search.results
        Accessible.name: qsTr("Results")
        onVisibleChanged: Qt.callLater(root.enterAnew)
        onCountChanged: currentIndex = Math.max(0, Math.min(currentIndex, count - 1))
        onPassedUp: root.tv ? bar.forceActiveFocus(Qt.OtherFocusReason) : root.enterQuery()
        onPassedLeft: if (root.tv) keys.enter()
        onTitleChosen: titleId => root.titleChosen(titleId)
        onMenuWanted: (card, titleId) => root.menuWanted(card, titleId)

        Label {
            id: worth
            objectName: "worthALook"
            parent: grid.contentItem
            y: -height - Theme.tight
            text: qsTr("Worth a look")
            font.pixelSize: Theme.heading
            font.weight: Font.DemiBold
            visible: root.search.state === "idle" && grid.visible
            Accessible.role: Accessible.Heading
        }
    }
    Rectangle {
        id: top
        width: parent.width
        height: Theme.px(root.tv ? 150 : 120) + (root.tv ? 0 : field.height - Theme.tight)
        color: Theme.background
        PageTop {
            id: bar
            anchors { left: parent.left; leftMargin: Theme.margin }
            y: Theme.px(30)
            heading: qsTr("Search")
            backName: "leaveSearch"
            onLeaving: root.leaving()
            Keys.onDownPressed: root.enterQuery()
        }
        Field {
            id: field
            objectName: "query"
            anchors { left: parent.left; leftMargin: Theme.margin; bottom: parent.bottom; bottomMargin: Theme.px(18) }
            width: Math.min(parent.width - 2 * Theme.margin, Theme.px(560))
            label: qsTr("Title or what it is about")
            text: root.search.query
            visible: !root.tv
            enabled: visible
            focus: !root.tv
            onTextChanged: root.search.setQuery(text)
            onAccepted: {
                root.search.submit()
                root.goDown()
            }
            Keys.onUpPressed: bar.forceActiveFocus(Qt.OtherFocusReason)
            Keys.onDownPressed: root.goDown()
        }
        Label {
            objectName: "typed"
            anchors { left: parent.left; leftMargin: Theme.margin; right: parent.right; rightMargin: Theme.margin }
            anchors { bottom: parent.bottom; bottomMargin: Theme.px(18) }
            visible: root.tv
            text: root.search.query ? root.search.query + "|" : qsTr("Title or what it is about")
            color: root.search.query ? Theme.text : Theme.faint
            font.pixelSize: Theme.title
            Accessible.name: qsTr("Typed: %1").arg(root.search.query)
        }
    }
    ScreenKeys {
        id: keys
        anchors { left: parent.left; leftMargin: Theme.margin }
        y: top.height + Theme.tight
        visible: root.tv
        enabled: visible
        focus: root.tv
        onTyped: letter => root.search.type(letter)
        onErased: root.search.erase()
        onPassedUp: bar.forceActiveFocus(Qt.OtherFocusReason)
        onPassedRight: root.goDown()
    }
    Item {
        id: beside
        anchors { left: grid.left; right: grid.right; top: top.bottom; bottom: parent.bottom; topMargin: Theme.tight }

        Label {
            id: caption
            anchors.left: parent.left
            text: qsTr("Searched lately")
            font.pixelSize: Theme.heading
            font.weight: Font.DemiBold
            visible: recent.visible
            Accessible.role: Accessible.Heading
        }
        ListView {
            id: recent
            objectName: "recent"
            anchors { left: parent.left; top: caption.bottom; topMargin: Theme.gap; bottom: parent.bottom }
            width: Math.min(parent.width, Theme.px(420))
            visible: root.idle && count > 0
            enabled: visible
            interactive: false
            spacing: Theme.tight
            model: root.search.recent
            Accessible.role: Accessible.List
            Accessible.name: caption.text
            onVisibleChanged: Qt.callLater(root.enterAnew)
            Keys.onUpPressed: currentIndex > 0 ? --currentIndex : root.tv ? bar.forceActiveFocus(Qt.OtherFocusReason)
                                                                          : root.enterQuery()
            Keys.onDownPressed: currentIndex = Math.min(count - 1, currentIndex + 1)
            Keys.onLeftPressed: if (root.tv && !LayoutMirroring.enabled) keys.enter()
            Keys.onRightPressed: if (root.tv && LayoutMirroring.enabled) keys.enter()
            delegate: Pressable {
                id: line

                required property int index
                required property string modelData

                objectName: "recent_" + index
                name: modelData
                width: ListView.view.width
                height: Theme.control
                onPressed: root.search.again(modelData)
                Rectangle {
                    anchors.fill: parent
                    radius: Theme.radius
                    color: line.activeFocus || line.hovered ? Theme.raisedHover : Theme.surface
                }
                Icon {
                    id: sign
                    anchors { left: parent.left; leftMargin: Theme.gap }
                    anchors.verticalCenter: parent.verticalCenter
                    name: "search"
                    color: Theme.muted
                    size: Theme.px(18)
                }
                Label {
                    anchors { left: sign.right; leftMargin: Theme.px(12); right: parent.right; rightMargin: Theme.gap }
                    anchors.verticalCenter: parent.verticalCenter
                    text: line.modelData
                    Accessible.ignored: true
                }
            }
        }
        Skeleton {
            objectName: "searchLoading"
            columns: grid.columns
            cellWidth: grid.cellWidth
            cellHeight: grid.cellHeight
            rowCount: 2
            visible: grid.count === 0 && root.search.state === "searching"
            Accessible.name: qsTr("Searching…")
        }
        Label {
            objectName: "searchMessage"
            anchors { left: parent.left; right: parent.right; rightMargin: Theme.margin; top: parent.top; topMargin: Theme.wide }
            wrapMode: Text.Wrap
            visible: grid.count === 0 && text
            text: root.search.state === "nothing" ? qsTr("Nothing was found. Try fewer or other words.")
                : root.search.state === "error" ? root.search.message
                : root.idle && !recent.visible ? qsTr("Two letters are enough to begin with.") : ""
            color: Theme.muted
            font.pixelSize: Theme.larger
            Accessible.role: Accessible.AlertMessage
        }
    }
    NoticeLine {
        objectName: "searchNotice"
        anchors { horizontalCenter: parent.horizontalCenter; bottom: parent.bottom; bottomMargin: Theme.wide }
        icon: root.search.state === "error" ? "warning" : "info"
        text: grid.visible ? root.search.message : ""
    }
}
